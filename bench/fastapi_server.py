"""The job of weatherhook on FastAPI, after the sample in Dify's documentation: one endpoint, a bearer
key, `ping` and the query of an external data tool. Unlike the sample, which has its weather in the
source, it reads the sensor file, once, at the start.

Run by scripts/bench under uvicorn; the key and the file come in BENCH_KEY and BENCH_SENSOR.
"""

import json
import os

from fastapi import FastAPI, Header, HTTPException
from pydantic import BaseModel

KEY = os.environ["BENCH_KEY"]
COMPASS = "N NNE NE ENE E ESE SE SSE S SSW SW WSW W WNW NW NNW".split()
AIR = ["Good", "Fair", "Moderate", "Poor", "Very poor", "Extremely poor"]

with open(os.environ["BENCH_SENSOR"], encoding="utf-8") as file:
    SENSOR = json.load(file)


def rain(rate):
    if rate <= 0:
        return "None"
    if rate < 2.55:
        return "Light rain"
    return "Moderate rain" if rate < 7.65 else "Heavy rain"


def lines():
    return "\n".join(
        [
            f"City: {SENSOR['city']}",
            f"Temperature: {SENSOR['temperature_C']:.0f}°C",
            f"RealFeel®: {SENSOR['feels_like_C']:.0f}°C",
            f"Air Quality: {AIR[sum(SENSOR['pm2_5_ug_m3'] > to for to in (5, 15, 50, 90, 140))]}",
            f"Wind Direction: {COMPASS[int(SENSOR['wind_dir_deg'] / 22.5 + 0.5) % 16]}",
            f"Wind Speed: {SENSOR['wind_avg_km_h']:.0f} km/h",
            f"Wind Gusts: {SENSOR['wind_max_km_h']:.0f} km/h",
            f"Precipitation: {rain(SENSOR['rain_rate_mm_h'])}",
        ]
    )


WEATHER = {SENSOR["city"].lower(): lines()}

app = FastAPI()


class Call(BaseModel):
    point: str
    params: dict = {}


@app.post("/api/dify/receive")
async def receive(call: Call, authorization: str | None = Header(None)):
    scheme, _, key = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or key != KEY:
        raise HTTPException(status_code=401, detail="Unauthorized")
    if call.point == "ping":
        return {"result": "pong"}
    if call.point == "app.external_data_tool.query":
        place = call.params.get("inputs", {}).get("location", "")
        return {"result": WEATHER.get(place.lower(), "Unknown city")}
    raise HTTPException(status_code=400, detail="Not implemented")
