-- For wrk: POST of BYTES with TOKEN, both from the environment.
local n = tonumber(os.getenv("BYTES"))
wrk.method = "POST"
wrk.headers["Authorization"] = "Bearer " .. os.getenv("TOKEN")
wrk.headers["Content-Type"] = "application/json"
local head, tail = '{"model":"claude-bench","max_tokens":100,"system":"', '"}'
wrk.body = head .. string.rep("x", n - #head - #tail) .. tail
