//! The job of weatherhook on axum, as somebody would write it who knows axum well: hyper's HTTP/1,
//! tokio's runtime on the current thread, every default left as it is.
//!
//! `weatherhook-bench-axum PORT KEY SENSOR`

use std::env;
use std::error::Error;
use std::fs;
use std::net::Ipv4Addr;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::post;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use tokio::net::TcpListener;

/// What every request reads and none changes.
struct Shared {
    key: String,
    city: String,
    /// The eight lines, except for the first: the file is read once, at the start.
    lines: String,
}

#[derive(Deserialize)]
struct Sensor {
    city: String,
    #[serde(rename = "temperature_C")]
    temperature: f64,
    #[serde(rename = "feels_like_C")]
    feels_like: f64,
    wind_dir_deg: f64,
    wind_avg_km_h: f64,
    wind_max_km_h: f64,
    pm2_5_ug_m3: f64,
    rain_rate_mm_h: f64,
}

impl Sensor {
    fn lines(&self) -> String {
        const COMPASS: [&str; 16] = [
            "N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE", "S", "SSW", "SW", "WSW", "W", "WNW", "NW",
            "NNW",
        ];
        let air = ["Good", "Fair", "Moderate", "Poor", "Very poor", "Extremely poor"];
        let level = [5.0, 15.0, 50.0, 90.0, 140.0].iter().filter(|to| self.pm2_5_ug_m3 > **to).count();
        let rain = match self.rain_rate_mm_h {
            rate if rate <= 0.0 => "None",
            rate if rate < 2.55 => "Light rain",
            rate if rate < 7.65 => "Moderate rain",
            _ => "Heavy rain",
        };
        format!(
            "Temperature: {:.0}°C\nRealFeel®: {:.0}°C\nAir Quality: {}\nWind Direction: {}\nWind Speed: {:.0} km/h\nWind Gusts: {:.0} km/h\nPrecipitation: {rain}",
            self.temperature,
            self.feels_like,
            air[level],
            COMPASS[(self.wind_dir_deg / 22.5 + 0.5) as usize % 16],
            self.wind_avg_km_h,
            self.wind_max_km_h,
        )
    }
}

#[derive(Deserialize)]
struct Call {
    point: String,
    #[serde(default)]
    params: Params,
}

#[derive(Default, Deserialize)]
struct Params {
    #[serde(default)]
    inputs: Inputs,
}

#[derive(Default, Deserialize)]
struct Inputs {
    location: Option<String>,
}

#[derive(Serialize)]
struct Answer<'a> {
    result: &'a str,
}

#[derive(Serialize)]
struct Refusal<'a> {
    detail: &'a str,
}

fn refusal(status: StatusCode, detail: &str) -> Response {
    (status, Json(Refusal { detail })).into_response()
}

async fn receive(State(shared): State<Arc<Shared>>, head: HeaderMap, body: Bytes) -> Response {
    let bearer = head.get(header::AUTHORIZATION).and_then(|value| value.as_bytes().split_at_checked(7));
    let admitted = bearer.is_some_and(|(scheme, key)| {
        scheme.eq_ignore_ascii_case(b"Bearer ") && bool::from(key.ct_eq(shared.key.as_bytes()))
    });
    if !admitted {
        return refusal(StatusCode::UNAUTHORIZED, "Unauthorized");
    }
    let call: Call = match serde_json::from_slice(&body) {
        Ok(call) => call,
        Err(error) => return refusal(StatusCode::BAD_REQUEST, &error.to_string()),
    };
    match call.point.as_str() {
        "ping" => Json(Answer { result: "pong" }).into_response(),
        "app.external_data_tool.query" => {
            let place = call.params.inputs.location.unwrap_or_default();
            if place.to_lowercase() == shared.city.to_lowercase() {
                let text = format!("City: {}\n{}", shared.city, shared.lines);
                Json(Answer { result: &text }).into_response()
            } else {
                Json(Answer { result: "Unknown city" }).into_response()
            }
        }
        _ => refusal(StatusCode::BAD_REQUEST, "Not implemented"),
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let (Some(port), Some(key), Some(sensor)) = (arguments.next(), arguments.next(), arguments.next()) else {
        return Err("expected PORT KEY SENSOR".into());
    };
    let sensor: Sensor = serde_json::from_slice(&fs::read(sensor)?)?;
    let lines = sensor.lines();
    let shared = Arc::new(Shared { key, city: sensor.city, lines });
    let routes = Router::new().route("/api/dify/receive", post(receive)).with_state(shared);
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port.parse()?)).await?;
        axum::serve(listener, routes).await?;
        Ok(())
    })
}
