-- What wrk sends: Dify's call with the fields of Dify's client. wrk adds Host and Content-Length.
-- Arguments: the body, the key, and what to say in Connection.
function init(arguments)
   wrk.method = "POST"
   wrk.body = arguments[1]
   wrk.headers["Authorization"] = "Bearer " .. arguments[2]
   wrk.headers["Connection"] = arguments[3]
   wrk.headers["Content-Type"] = "application/json"
   wrk.headers["Accept"] = "*/*"
   wrk.headers["Accept-Encoding"] = "gzip, deflate"
   wrk.headers["User-Agent"] = "python-httpx/0.28.1"
   -- Made once: a function would be called for every request.
   local text = wrk.format()
   request = function() return text end
end

-- One line for scripts/bench; all times in microseconds.
function done(summary, latency)
   local errors = summary.errors
   io.write(string.format(
      'bench {"requests": %d, "duration": %d, "p50": %d, "p99": %d, "errors": %d, "broken": %d}\n',
      summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
      errors.connect + errors.status + errors.timeout, errors.read + errors.write))
end
