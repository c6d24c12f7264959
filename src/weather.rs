//! Derived quantities: plain functions of numbers, each with its source and units.

/// The degrees, clockwise from north, of one of the 16 compass points in any case.
pub fn compass_degrees(text: &str) -> Option<f64> {
    const POINTS: [&str; 16] =
        ["N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE", "S", "SSW", "SW", "WSW", "W", "WNW", "NW", "NNW"];
    let degrees = (0..16u8).map(|point| f64::from(point) * 22.5);
    POINTS.iter().zip(degrees).find(|(point, _)| point.eq_ignore_ascii_case(text.trim())).map(|(_, at)| at)
}
