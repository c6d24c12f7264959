//! Known writers: programs and devices whose records are not what their keys seem to say. Their units are fixed and not
//! written, their pressure is at sea level, or a value of theirs stands deep inside.
//!
//! A record that has a writer's signs is read by its row, and only what stands in the row is read. All others go
//! to the general reader, which has to be the more careful of the two.

use std::borrow::Cow;

use super::node::Node;

/// One kind of record of a program or device. Its lists are texts with blanks between: a static program has 80 bytes
/// less for each pair than with a slice of pairs of texts.
pub(super) struct Writer {
    /// As `check` and the documents name it.
    pub(super) name: &'static str,
    /// What a record of it has: paths of values, each with `?` and the texts or numbers of which it is one, separated by
    /// `|`, if not everything will do; `*` ends the beginning of a text. The key that the first path begins with is
    /// rare elsewhere.
    signs: &'static str,
    /// The paths of values, and behind `>` the known keys that these stand for, the best first. A key that begins with
    /// `@` is itself the path of a text that names the quantity. Tips of a rain gauge have the path of its size behind
    /// `*`. Nothing else of the record is read.
    keys: &'static str,
    /// The path of a number that says how far its times are east of Greenwich, in seconds.
    offset: Option<&'static str>,
    /// The path of a list with further records. With `?` behind it they are outdoors only if they say so, and count where
    /// the record itself gives no temperature.
    pub(super) list: Option<&'static str>,
}

/// As much as a row needs to say of itself.
const fn writer(name: &'static str, signs: &'static str, keys: &'static str) -> Writer {
    Writer { name, signs, keys, offset: None, list: None }
}

/// The writers. Of those whose signs a record has, the first counts.
pub(super) static WRITERS: &[Writer] = &[
    // https://openweathermap.org/current: Kelvin unless `units` was asked for; `pressure` is at sea level.
    writer(
        "OpenWeatherMap, current weather",
        "main/temp dt weather",
        "dt>time name>city main/temp>temperature main/feels_like>feels_like main/humidity>humidity_pct \
         main/sea_level>sea_level_pressure_hPa main/pressure>sea_level_pressure_hPa wind/speed>wind_speed \
         wind/gust>wind_gust wind/deg>wind_direction_deg rain/1h>rain_rate_mm_h",
    ),
    writer(
        "OpenWeatherMap, One Call",
        "current/wind_deg current/dt timezone_offset",
        "current/dt>time current/temp>temperature current/feels_like>feels_like \
         current/humidity>humidity_pct current/dew_point>dew_point \
         current/pressure>sea_level_pressure_hPa current/wind_speed>wind_speed \
         current/wind_gust>wind_gust current/wind_deg>wind_direction_deg current/uvi>uvi \
         current/rain/1h>rain_rate_mm_h",
    ),
    writer("OpenWeatherMap, forecast", "cnt list/0/dt city", ""),
    // https://open-meteo.com/en/docs: times without a zone, in the one that `utc_offset_seconds` says. `precipitation`
    // is the sum of the interval before.
    Writer {
        offset: Some("utc_offset_seconds"),
        ..writer(
            "Open-Meteo",
            "current_units current/time",
            "current/time>time current_units/temperature_2m>temperature_unit \
             current_units/wind_speed_10m>wind_unit current/temperature_2m>temperature \
             current/apparent_temperature>apparent_temperature current/relative_humidity_2m>humidity_pct \
             current/dew_point_2m>dew_point current/pressure_msl>pressure_msl_hPa \
             current/surface_pressure>station_pressure_hPa current/wind_speed_10m>wind_speed \
             current/wind_gusts_10m>wind_gusts current/wind_direction_10m>wind_direction_deg \
             current_units/precipitation>rain_interval_unit current/interval>rain_interval_seconds \
             current/precipitation>rain_interval",
        )
    },
    Writer {
        offset: Some("utc_offset_seconds"),
        ..writer(
            "Open-Meteo, current_weather",
            "current_weather_units current_weather/time",
            "current_weather/time>time current_weather_units/temperature>temperature_unit \
             current_weather_units/windspeed>wind_unit current_weather/temperature>temperature \
             current_weather/windspeed>wind_speed current_weather/winddirection>wind_direction_deg",
        )
    },
    // https://www.weather.gov/documentation/services-web-api: each value with its `unitCode`.
    writer(
        "weather.gov, observation",
        "properties/textDescription properties/timestamp",
        "properties/timestamp>time properties/temperature>temperature \
         properties/relativeHumidity>humidity properties/dewpoint>dew_point \
         properties/seaLevelPressure>sea_level_pressure properties/barometricPressure>station_pressure \
         properties/windSpeed>wind_speed properties/windGust>wind_gust \
         properties/windDirection>wind_direction properties/precipitationLastHour>rain_1h",
    ),
    // https://aviationweather.gov/data/api/: wind in knots; the altimeter setting is a pressure at sea level.
    writer(
        "METAR as JSON",
        "icaoId obsTime",
        "obsTime>time name>station icaoId>id temp>temperature_C dewp>dew_point_C \
         slp>sea_level_pressure_hPa altim>sea_level_pressure_hPa wspd>wind_speed_kn wgst>wind_gust_kn \
         wdir>wind_direction_deg",
    ),
    // Weather Underground's observations of personal stations: `pressure` is at sea level.
    writer(
        "Weather Underground, observation",
        "stationID obsTimeUtc",
        "obsTimeUtc>time_utc epoch>time stationID>id neighborhood>station humidity>humidity_pct \
         winddir>wind_direction_deg uv>uvi solarRadiation>solar_radiation_w_m2 \
         imperial/temp>temperature_F imperial/dewpt>dew_point_F imperial/pressure>sea_level_pressure_inHg \
         imperial/windSpeed>wind_speed_mph imperial/windGust>wind_gust_mph \
         imperial/precipRate>rain_rate_in_h imperial/precipTotal>rain_today_in metric/temp>temperature_C \
         metric/dewpt>dew_point_C metric/pressure>sea_level_pressure_hPa metric/windSpeed>wind_speed_km_h \
         metric/windGust>wind_gust_km_h metric/precipRate>rain_rate_mm_h metric/precipTotal>rain_today_mm \
         metric_si/temp>temperature_C metric_si/dewpt>dew_point_C \
         metric_si/pressure>sea_level_pressure_hPa metric_si/windSpeed>wind_speed_m_s \
         metric_si/windGust>wind_gust_m_s metric_si/precipRate>rain_rate_mm_h \
         metric_si/precipTotal>rain_today_mm uk_hybrid/temp>temperature_C uk_hybrid/dewpt>dew_point_C \
         uk_hybrid/pressure>sea_level_pressure_hPa uk_hybrid/windSpeed>wind_speed_mph \
         uk_hybrid/windGust>wind_gust_mph uk_hybrid/precipRate>rain_rate_mm_h \
         uk_hybrid/precipTotal>rain_today_mm",
    ),
    // https://ambientweather.docs.apiary.io: US units throughout; `hourlyrainin` is a rate.
    writer(
        "Ambient Weather, device",
        "lastData/dateutc macAddress",
        "lastData/dateutc>time_utc info/name>name lastData/tempf>temperature_F \
         lastData/feelsLike>feels_like_F lastData/dewPoint>dew_point_F lastData/humidity>humidity_pct \
         lastData/baromrelin>sea_level_pressure_inHg lastData/baromabsin>station_pressure_inHg \
         lastData/windspeedmph>wind_speed_mph lastData/windgustmph>wind_gust_mph \
         lastData/winddir>wind_direction_deg lastData/hourlyrainin>rain_rate_in_h \
         lastData/dailyrainin>rain_today_in lastData/solarradiation>solar_radiation_w_m2 lastData/uv>uvi",
    ),
    writer(
        "Ambient Weather, history",
        "feelsLike dateutc tempf",
        "dateutc>time_utc tempf>temperature_F feelsLike>feels_like_F dewPoint>dew_point_F \
         humidity>humidity_pct baromrelin>sea_level_pressure_inHg baromabsin>station_pressure_inHg \
         windspeedmph>wind_speed_mph windgustmph>wind_gust_mph winddir>wind_direction_deg \
         hourlyrainin>rain_rate_in_h dailyrainin>rain_today_in solarradiation>solar_radiation_w_m2 uv>uvi",
    ),
    // The local interface of Ecowitt's gateways: values under numbers, each with its unit. The sensors of its channels
    // stand anywhere.
    Writer {
        list: Some("ch_aisle?"),
        ..writer(
            "Ecowitt, get_livedata_info",
            "common_list",
            "common_list/id=0x02>temperature common_list/id=0x07>humidity common_list/id=0x03>dew_point \
         common_list/id=0x0B>wind_speed common_list/id=0x0C>wind_gust common_list/id=0x0A>wind_direction \
         common_list/id=0x15>solar_radiation common_list/id=0x17>uvi rain/id=0x0E>rain_rate \
         rain/id=0x10>rain_today piezoRain/id=0x0E>rain_rate piezoRain/id=0x10>rain_today \
         wh25/0/rel>sea_level_pressure wh25/0/abs>station_pressure",
        )
    },
    Writer {
        list: Some("ch_aisle?"),
        ..writer(
            "Ecowitt, get_livedata_info, channels only",
            "ch_aisle",
            "wh25/0/rel>sea_level_pressure wh25/0/abs>station_pressure",
        )
    },
    // Ecowitt's cloud: each value an object with unit and time.
    writer(
        "Ecowitt, cloud",
        "outdoor/temperature/value outdoor/humidity/value",
        "outdoor/temperature>temperature outdoor/feels_like>feels_like outdoor/dew_point>dew_point \
         outdoor/humidity>humidity pressure/relative>sea_level_pressure \
         pressure/absolute>station_pressure wind/wind_speed>wind_speed wind/wind_gust>wind_gust \
         wind/wind_direction>wind_direction rainfall/rain_rate>rain_rate rainfall/daily>rain_today \
         rainfall_piezo/rain_rate>rain_rate rainfall_piezo/daily>rain_today \
         solar_and_uvi/solar>solar_radiation solar_and_uvi/uvi>uvi",
    ),
    // https://weatherlink.github.io/weatherlink-live-local-api/: US units, whatever the console shows. Its rain is in
    // tips.
    writer(
        "WeatherLink Live, sensors",
        "data_structure_type?1 lsid wind_speed_last",
        "ts>time temp>temperature_F hum>humidity_pct dew_point>dew_point_F \
         wind_speed_avg_last_10_min>wind_speed_mph wind_speed_last>wind_speed_mph \
         wind_dir_scalar_avg_last_10_min>wind_direction_deg wind_dir_last>wind_direction_deg \
         wind_speed_hi_last_10_min>wind_gust_mph solar_rad>solar_radiation_w_m2 uv_index>uvi \
         rain_rate_last*rain_size>rain_rate_mm_h rainfall_daily*rain_size>rain_today_mm \
         rainfall_last_60_min*rain_size>rain_1h_mm",
    ),
    writer(
        "WeatherLink Live, barometer",
        "data_structure_type?3 lsid bar_sea_level",
        "ts>time bar_sea_level>sea_level_pressure_inHg bar_absolute>station_pressure_inHg",
    ),
    writer("WeatherLink Live, indoors", "data_structure_type?4 lsid temp_in", ""),
    // https://weatherlink.github.io/v2-api/
    writer(
        "WeatherLink v2, console",
        "temp_out hum_out bar",
        "ts>time temp_out>temperature_F hum_out>humidity_pct dew_point>dew_point_F \
         bar>sea_level_pressure_inHg wind_speed_10_min_avg>wind_speed_mph wind_speed>wind_speed_mph \
         wind_gust_10_min>wind_gust_mph wind_dir>wind_direction_deg rain_rate_mm>rain_rate_mm_h \
         rain_day_mm>rain_today_mm solar_rad>solar_radiation_w_m2 uv>uvi",
    ),
    writer(
        "WeatherLink v2, sensors",
        "rainfall_daily_mm tx_id temp",
        "ts>time temp>temperature_F hum>humidity_pct dew_point>dew_point_F \
         wind_speed_avg_last_10_min>wind_speed_mph wind_speed_last>wind_speed_mph \
         wind_dir_scalar_avg_last_10_min>wind_direction_deg wind_dir_last>wind_direction_deg \
         wind_speed_hi_last_10_min>wind_gust_mph rain_rate_last_mm>rain_rate_mm_h \
         rainfall_daily_mm>rain_today_mm solar_rad>solar_radiation_w_m2 uv_index>uvi",
    ),
    writer(
        "WeatherLink v2, barometer",
        "bar_sea_level bar_absolute",
        "ts>time bar_sea_level>sea_level_pressure_inHg bar_absolute>station_pressure_inHg",
    ),
    writer(
        "WeatherLink v1",
        "davis_current_observation temp_c",
        "observation_time_rfc822>time location>location temp_c>temperature_C \
         relative_humidity>humidity_pct dewpoint_c>dew_point_C pressure_mb>sea_level_pressure_hPa \
         wind_mph>wind_speed_mph wind_degrees>wind_direction_deg \
         davis_current_observation/rain_day_in>rain_today_in \
         davis_current_observation/rain_rate_in_per_hr>rain_rate_in_h",
    ),
    // https://weatherflow.github.io/Tempest/api/: lists of numbers, always in the same order and metric. The
    // rain in them is that of the interval of the reports. Only the cloud's have the sum of the day.
    writer(
        "Tempest, obs_st",
        "type?obs_st obs/0/8",
        "obs/0/0>time serial_number>id obs/0/2>wind_speed_m_s obs/0/3>wind_gust_m_s \
         obs/0/4>wind_direction_deg obs/0/6>station_pressure_hPa obs/0/7>temperature_C \
         obs/0/8>humidity_pct obs/0/9>illuminance_lux obs/0/10>uvi obs/0/11>solar_radiation_w_m2 \
         obs/0/17>rain_interval_minutes obs/0/12>rain_interval_mm obs/0/18>rain_today_mm",
    ),
    writer(
        "Tempest, rapid_wind",
        "type?rapid_wind ob/2",
        "ob/0>time serial_number>id ob/1>wind_speed_m_s ob/2>wind_direction_deg",
    ),
    writer(
        "Tempest, obs_air",
        "type?obs_air obs/0/3",
        "obs/0/0>time serial_number>id obs/0/1>station_pressure_hPa obs/0/2>temperature_C \
         obs/0/3>humidity_pct",
    ),
    writer(
        "Tempest, obs_sky",
        "type?obs_sky obs/0/10",
        "obs/0/0>time serial_number>id obs/0/1>illuminance_lux obs/0/2>uvi obs/0/5>wind_speed_m_s \
         obs/0/6>wind_gust_m_s obs/0/7>wind_direction_deg obs/0/10>solar_radiation_w_m2 \
         obs/0/9>rain_interval_minutes obs/0/3>rain_interval_mm",
    ),
    // `station_units` says what the app shows; the values are metric all the same.
    writer(
        "Tempest, station observation",
        "station_units obs/0/timestamp",
        "obs/0/timestamp>time station_name>station obs/0/air_temperature>temperature_C \
         obs/0/feels_like>feels_like_C obs/0/dew_point>dew_point_C obs/0/relative_humidity>humidity_pct \
         obs/0/sea_level_pressure>sea_level_pressure_hPa obs/0/station_pressure>station_pressure_hPa \
         obs/0/wind_avg>wind_speed_m_s obs/0/wind_gust>wind_gust_m_s \
         obs/0/wind_direction>wind_direction_deg obs/0/precip_accum_local_day>rain_today_mm \
         obs/0/brightness>illuminance_lux obs/0/solar_radiation>solar_radiation_w_m2 obs/0/uv>uvi",
    ),
    // https://dev.netatmo.com: the base stands indoors, and `Pressure` is at sea level.
    Writer {
        list: Some("modules"),
        ..writer(
            "Netatmo, base",
            "type?NAMain",
            "dashboard_data/time_utc>time_utc ts>time _id>id id>id \
             dashboard_data/Pressure>sea_level_pressure_hPa \
             dashboard_data/AbsolutePressure>station_pressure_hPa pressure>sea_level_pressure_hPa \
             absolute_pressure>station_pressure_hPa",
        )
    },
    writer(
        "Netatmo, outdoor module",
        "type?NAModule1",
        "dashboard_data/time_utc>time_utc ts>time _id>id id>id dashboard_data/Temperature>temperature_C \
         dashboard_data/Humidity>humidity_pct temperature>temperature_C humidity>humidity_pct",
    ),
    writer(
        "Netatmo, wind gauge",
        "type?NAModule2",
        "dashboard_data/time_utc>time_utc ts>time _id>id id>id \
         dashboard_data/WindStrength>wind_speed_km_h dashboard_data/GustStrength>wind_gust_km_h \
         dashboard_data/WindAngle>wind_direction_deg wind_strength>wind_speed_km_h \
         gust_strength>wind_gust_km_h wind_angle>wind_direction_deg",
    ),
    writer(
        "Netatmo, rain gauge",
        "type?NAModule3",
        "dashboard_data/time_utc>time_utc ts>time _id>id id>id dashboard_data/sum_rain_1>rain_1h_mm \
         sum_rain_1>rain_1h_mm",
    ),
    writer("Netatmo, other modules", "type?NAModule4|NHC", ""),
    // https://github.com/opendata-stuttgart/meta/wiki/APIs: pressure in Pa, times in UTC.
    writer(
        "Sensor.Community, API",
        "sensordatavalues location/indoor?0",
        "timestamp>time_utc sensor/id>id sensordatavalues/value_type=temperature>temperature_C \
         sensordatavalues/value_type=humidity>humidity_pct \
         sensordatavalues/value_type=pressure_at_sealevel>sea_level_pressure_Pa \
         sensordatavalues/value_type=pressure>station_pressure_Pa sensordatavalues/value_type=P1>pm10 \
         sensordatavalues/value_type=P2>pm2_5",
    ),
    writer("Sensor.Community, API, indoors", "sensordatavalues location/indoor?1", ""),
    writer(
        "Sensor.Community, archive",
        "sensor_id sensor_type timestamp",
        "timestamp>time_utc sensor_id>id temperature>temperature_C humidity>humidity_pct \
         pressure>station_pressure_Pa P1>pm10 P2>pm2_5",
    ),
    // https://community.purpleair.com: its thermometer is in the housing and reads some 8 °F too much.
    writer(
        "PurpleAir, local",
        "SensorId pm2_5_atm place?outside",
        "DateTime>time_utc SensorId>id pm2_5_atm>pm2_5 pm10_0_atm>pm10 pressure>station_pressure_hPa",
    ),
    writer("PurpleAir, local, indoors", "SensorId pm2_5_atm", ""),
    writer(
        "PurpleAir, API",
        "sensor/pm2.5_atm sensor/location_type?0",
        "sensor/last_seen>time sensor/sensor_index>id sensor/name>name sensor/pm2.5_atm>pm2_5 \
         sensor/pm10.0_atm>pm10 sensor/pressure>station_pressure_hPa",
    ),
    writer("PurpleAir, API, indoors", "sensor/pm2.5_atm sensor/location_type?1", ""),
    writer("PurpleAir, API, list", "data_time_stamp fields data", ""),
    // https://github.com/airgradienthq/arduino/blob/master/docs/local-server.md: models `O-…` are for outdoors.
    writer(
        "AirGradient, outdoors",
        "pm02 rhum model?O-*",
        "timestamp>time serialno>id atmpCompensated>temperature_C atmp>temperature_C \
         rhumCompensated>humidity_pct rhum>humidity_pct pm02Compensated>pm2_5 pm02>pm2_5 pm10>pm10",
    ),
    writer("AirGradient, indoors", "pm02 rhum", ""),
    writer("Awair", "score humid voc", ""),
    // https://shelly-api-docs.shelly.cloud: `temperature` of a relay is that of its inside; the probes of an add-on
    // are `ext_…` or have numbers from 100 on.
    writer(
        "Shelly, relay with probes",
        "relays wifi_sta",
        "unixtime>time ext_temperature/0/tC>temperature_C ext_humidity/0/hum>humidity_pct",
    ),
    writer("Shelly H&T", "tmp/tC hum/value", "unixtime>time tmp>temperature hum>humidity_pct"),
    writer(
        "Shelly Plus, add-on",
        "temperature:100/tC",
        "ts>time sys/unixtime>time temperature:100/tC>temperature_C humidity:100/rh>humidity_pct",
    ),
    writer(
        "Shelly Plus H&T",
        "temperature:0/tC",
        "ts>time sys/unixtime>time temperature:0/tC>temperature_C humidity:0/rh>humidity_pct",
    ),
    // https://www.home-assistant.io/integrations/weather: each value has a key with its unit beside it.
    writer(
        "Home Assistant, weather",
        "entity_id?weather.* attributes/temperature_unit",
        "last_updated>time entity_id>id attributes/temperature_unit>temperature_unit \
         attributes/pressure_unit>pressure_unit attributes/wind_speed_unit>wind_speed_unit \
         attributes/temperature>temperature attributes/apparent_temperature>apparent_temperature \
         attributes/dew_point>dew_point attributes/humidity>humidity_pct \
         attributes/pressure>sea_level_pressure attributes/wind_speed>wind_speed \
         attributes/wind_gust_speed>wind_gust attributes/wind_bearing>wind_direction \
         attributes/uv_index>uvi",
    ),
    writer(
        "Home Assistant, sensor",
        "entity_id?sensor.* attributes/device_class state",
        "last_reported>time last_updated>time last_changed>last_changed entity_id>id \
         attributes/friendly_name>model attributes/unit_of_measurement>unit state>@attributes/device_class",
    ),
    // https://esphome.io/web-api/: a sensor, whose name is in its `id`; `state` has the unit.
    writer("ESPHome, web server", "state value id?sensor*", "id>id name>model state>@id"),
    // https://www.openhab.org/docs/configuration/restdocs.html: states with their units.
    writer(
        "openHAB, item",
        "type?Number:* state name",
        "lastStateUpdate>time name>id label>model state>@type",
    ),
    // https://wiki.domoticz.com/Domoticz_API/JSON_URL's: the speed of the wind is in a unit that only the settings say.
    writer(
        "Domoticz, device",
        "idx LastUpdate HardwareID",
        "LastUpdate>time idx>id Name>model Temp>temperature Humidity>humidity_pct DewPoint>dew_point \
         Barometer>sea_level_pressure_hPa Rain>rain_today_mm Direction>wind_direction_deg UVI>uvi",
    ),
    // https://www.mathworks.com/help/thingspeak/readdata.html: the channel names its fields; the newest entry is the last.
    writer(
        "ThingSpeak, channel",
        "feeds channel/last_entry_id",
        "feeds/-1/created_at>time_utc channel/name>name feeds/-1/field1>@channel/field1 \
         feeds/-1/field2>@channel/field2 feeds/-1/field3>@channel/field3 feeds/-1/field4>@channel/field4 \
         feeds/-1/field5>@channel/field5 feeds/-1/field6>@channel/field6 feeds/-1/field7>@channel/field7 \
         feeds/-1/field8>@channel/field8",
    ),
    // https://cumuluswiki.org/a/Realtimegauges.txt: each quantity's unit is a key of its own.
    writer(
        "Cumulus, realtimegauges.txt",
        "tempTL intemp tempunit",
        "timeUTC>time_utc date>time tempunit>temperature_unit windunit>wind_unit pressunit>pressure_unit \
         rainunit>rain_unit temp>temperature apptemp>apparent_temperature hum>humidity_pct dew>dew_point \
         press>sea_level_pressure wspeed>wind_speed wgust>wind_gust avgbearing>wind_direction_deg \
         bearing>wind_direction_deg rfall>rain_today rrate>rain_rate UV>uvi SolarRad>solar_radiation_w_m2",
    ),
    // https://www.weatherapi.com/docs/: `pressure_mb` is at sea level.
    writer(
        "weatherapi.com",
        "current/last_updated_epoch location/name",
        "current/last_updated_epoch>time location/name>city current/temp_c>temperature_C \
         current/feelslike_c>feels_like_C current/dewpoint_c>dew_point_C current/humidity>humidity_pct \
         current/pressure_mb>sea_level_pressure_hPa current/wind_kph>wind_speed_km_h \
         current/gust_kph>wind_gust_km_h current/wind_degree>wind_direction_deg current/uv>uvi",
    ),
    // https://brightsky.dev/docs/: wind in km/h.
    writer(
        "Bright Sky, current weather",
        "weather/wind_speed_10 weather/timestamp",
        "weather/timestamp>time weather/temperature>temperature_C weather/dew_point>dew_point_C \
         weather/relative_humidity>humidity_pct weather/pressure_msl>sea_level_pressure_hPa \
         weather/wind_speed_10>wind_speed_km_h weather/wind_gust_speed_10>wind_gust_km_h \
         weather/wind_direction_10>wind_direction_deg weather/precipitation_60>rain_1h_mm",
    ),
    // https://www.visualcrossing.com/resources/documentation/weather-api/: its units are those that were asked for, and
    // the answer does not say which.
    writer(
        "Visual Crossing",
        "currentConditions/datetimeEpoch resolvedAddress",
        "currentConditions/datetimeEpoch>time currentConditions/humidity>humidity_pct \
         currentConditions/winddir>wind_direction_deg currentConditions/uvindex>uvi",
    ),
    writer("MET Norway, forecast", "properties/timeseries geometry", ""),
];

impl Writer {
    /// The paths of its values, and their known keys.
    pub(super) fn keys(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.keys.split_ascii_whitespace().filter_map(|pair| pair.split_once('>'))
    }

    /// The millimetres of the keys that count tips, by their paths.
    pub(super) fn tips(&self, record: &[(Cow<'_, str>, Node<'_>)]) -> Vec<(&'static str, Node<'static>)> {
        if !self.keys.contains('*') {
            return Vec::new();
        }
        self.keys().filter_map(|(path, _)| Some((path, tips(record, path)?))).collect()
    }

    /// How far its times are east of Greenwich, in minutes, if a number of the record says it.
    pub(super) fn east(&self, record: &[(Cow<'_, str>, Node<'_>)]) -> Option<i16> {
        let Some(Node::Number(seconds)) = value_at(record, self.offset?) else { return None };
        // No zone is further off, and the cast is exact there.
        #[expect(clippy::cast_possible_truncation)]
        (seconds.abs() <= 86_400.0).then_some((seconds / 60.0) as i16)
    }

    /// Whether a record has its signs.
    fn wrote(&self, record: &[(Cow<'_, str>, Node<'_>)]) -> bool {
        self.signs.split_ascii_whitespace().all(|sign| match sign.split_once('?') {
            Some((path, texts)) => value_at(record, path).is_some_and(|node| is_one_of(node, texts)),
            None => value_at(record, sign).is_some(),
        })
    }
}

/// The rain of so many tips in millimetres. The size is Davis' number of it.
fn tips(record: &[(Cow<'_, str>, Node<'_>)], path: &str) -> Option<Node<'static>> {
    const SIZES: [(f64, f64); 4] = [(1.0, 0.254), (2.0, 0.2), (3.0, 0.1), (4.0, 0.0254)];
    let (count, size) = path.split_once('*')?;
    let number = |path| match value_at(record, path)? {
        Node::Number(number) => Some(*number),
        _ => None,
    };
    let (count, size) = (number(count)?, number(size)?);
    let (_, each) = SIZES.iter().find(|(known, _)| *known == size)?;
    Some(Node::Number(count * each))
}

/// Whether a value is one of the texts of a sign.
fn is_one_of(node: &Node<'_>, texts: &str) -> bool {
    let text = match node {
        Node::Text(text) => Cow::Borrowed(&**text),
        Node::Number(number) => Cow::Owned(number.to_string()),
        _ => return false,
    };
    texts.split('|').any(|expected| match expected.strip_suffix('*') {
        Some(beginning) => text.starts_with(beginning),
        None => text == expected,
    })
}

/// A set of writers, by their places in the table.
#[derive(Clone, Copy, Default)]
pub(super) struct Writers(u128);

impl Writers {
    /// Those whose first sign begins with this key.
    pub(super) fn begun_by(key: &str) -> Writers {
        let begins = |writer: &Writer| first_key(writer.signs) == key;
        Writers(
            (0u32..).zip(WRITERS).filter(|(_, writer)| begins(writer)).fold(0, |set, (n, _)| set | 1 << n),
        )
    }

    /// These and those.
    pub(super) fn and(self, others: Writers) -> Writers {
        Writers(self.0 | others.0)
    }

    /// The first of them whose signs a record has.
    pub(super) fn of(self, entries: &[(Cow<'_, str>, Node<'_>)]) -> Option<&'static Writer> {
        if self.0 == 0 {
            return None;
        }
        let is_here = |(n, _): &(u32, &Writer)| self.0 >> n & 1 == 1;
        (0u32..).zip(WRITERS).filter(is_here).map(|(_, writer)| writer).find(|writer| writer.wrote(entries))
    }
}

/// The key that a row's signs begin with.
fn first_key(signs: &str) -> &str {
    signs.split(['/', '?', ' ']).next().unwrap_or(signs)
}

/// The last key of a path, for which the configuration may have a name of its own.
pub(super) fn last_key(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The value at a path: keys, places in a list (`-1` is the last), or `key=value` for the object of a list that has it.
pub(super) fn value_at<'a>(entries: &'a [(Cow<'a, str>, Node<'a>)], path: &str) -> Option<&'a Node<'a>> {
    let mut steps = path.split('/');
    let first = steps.next()?;
    let mut node = entries.iter().find(|(key, _)| key == first).map(|(_, node)| node)?;
    for step in steps {
        node = match node {
            Node::Object(_) => node.get(step)?,
            Node::List(nodes) => match step.split_once('=') {
                Some((key, value)) => nodes.iter().find(|node| is_text(node.get(key), value))?,
                None if step == "-1" => nodes.last()?,
                None => nodes.get(step.parse::<usize>().ok()?)?,
            },
            _ => return None,
        };
    }
    Some(node)
}

fn is_text(node: Option<&Node<'_>>, value: &str) -> bool {
    matches!(node, Some(Node::Text(text)) if text == value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::names::{Meaning, meaning};

    #[test]
    fn each_writer_has_a_name_and_every_known_key_is_known() {
        assert!(WRITERS.len() <= u128::BITS as usize);
        for (n, writer) in WRITERS.iter().enumerate() {
            assert!(WRITERS[..n].iter().all(|other| other.name != writer.name), "{}", writer.name);
            assert_eq!(
                writer.keys().count(),
                writer.keys.split_ascii_whitespace().count(),
                "{}",
                writer.name
            );
            for (path, key) in writer.keys() {
                let known = key.starts_with('@') || meaning(key).is_ok();
                assert!(known, "{}: {path} is {key}", writer.name);
                assert!(meaning(key) != Ok(Meaning::Precipitation), "{}: {path}", writer.name);
            }
        }
    }

    /// The first two columns of the table in the documentation.
    fn row(writer: &Writer) -> String {
        let shown = |sign: &str| {
            let (path, texts) = sign.split_once('?').unwrap_or((sign, ""));
            let path = path.replace('/', ".");
            match texts.strip_suffix('*') {
                Some(beginning) => format!("`{path}` begins with `{beginning}`"),
                None if texts.is_empty() => format!("`{path}`"),
                None => format!("`{path}` is {}", texts.replace('|', " or ")),
            }
        };
        let signs: Vec<String> = writer.signs.split(' ').map(shown).collect();
        format!("| {} | {} | ", writer.name, signs.join(", "))
    }

    #[test]
    fn the_documentation_has_a_row_for_each_writer() {
        let documentation = include_str!("../../docs/sensors.md");
        let table = documentation.split("| written by |").nth(1).expect("the table");
        let rows: Vec<&str> = table.lines().skip(2).take_while(|line| line.starts_with('|')).collect();
        assert_eq!(rows.len(), WRITERS.len());
        for (writer, found) in WRITERS.iter().zip(rows) {
            assert!(found.starts_with(&row(writer)), "{found} is not {}", row(writer));
        }
    }

    /// Where no unit stands beside a number, that of a quantity is in the row, or the size of the number says it.
    #[test]
    fn every_writer_has_a_sign_of_its_own() {
        for writer in WRITERS {
            let begun = Writers::begun_by(first_key(writer.signs));
            assert!(begun.0 != 0, "{}", writer.name);
        }
        assert_eq!(Writers::begun_by("temperature").0, 0);
    }
}
