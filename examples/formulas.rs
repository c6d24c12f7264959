//! Prints what the formulas of `weather` give, for `scripts/verify-weather`: reads lines like
//! `dew_point 10 80` and answers each with a number, words, or `none`.

use std::io;

use weatherhook::testing::weather;

fn main() -> io::Result<()> {
    for line in io::stdin().lines() {
        let line = line?;
        let (formula, numbers) = line.split_once(' ').unwrap_or((&line, ""));
        let numbers: Vec<f64> = numbers.split(' ').filter_map(|number| number.parse().ok()).collect();
        let answer = match (formula, numbers.as_slice()) {
            ("apparent_temperature", &[t, rh, v]) => {
                Some(weather::apparent_temperature(t, rh, v).to_string())
            }
            ("heat_index", &[t, rh]) => weather::heat_index(t, rh).map(|t| t.to_string()),
            ("wind_chill", &[t, v]) => weather::wind_chill(t, v).map(|t| t.to_string()),
            ("dew_point", &[t, rh]) => weather::dew_point(t, rh).map(|t| t.to_string()),
            ("humidity_at", &[rh, from, to]) => weather::humidity_at(rh, from, to).map(|rh| rh.to_string()),
            ("sea_level_pressure", &[p, h, t]) => weather::sea_level_pressure(p, h, t).map(|p| p.to_string()),
            ("compass_point", &[degrees]) => Some(weather::compass_point(degrees).to_owned()),
            ("us_aqi_pm25", &[pm]) => weather::us_air_quality_index(Some(pm), None).map(|i| i.to_string()),
            ("us_aqi_pm10", &[pm]) => weather::us_air_quality_index(None, Some(pm)).map(|i| i.to_string()),
            ("european_pm25", &[pm]) => weather::european_air_quality(Some(pm), None).map(str::to_owned),
            ("european_pm10", &[pm]) => weather::european_air_quality(None, Some(pm)).map(str::to_owned),
            ("rain", &[rate]) => Some(weather::rain(rate).to_owned()),
            ("pressure_tendency", &[change]) => Some(weather::pressure_tendency(change).to_owned()),
            _ => return Err(io::Error::other(format!("not a formula with its numbers: {line}"))),
        };
        println!("{}", answer.as_deref().unwrap_or("none"));
    }
    Ok(())
}
