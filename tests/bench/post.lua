-- For wrk: POST of BYTES with TOKEN, both from the environment.
local n = tonumber(os.getenv("BYTES"))
wrk.method = "POST"
wrk.headers["Authorization"] = "Bearer " .. os.getenv("TOKEN")
wrk.headers["Content-Type"] = "application/json"
wrk.body = string.rep("x", n)
