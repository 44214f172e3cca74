-- Asks for every line of a file in turn, over and over. A line is a host, a tab and a path.
-- wrk ... -s walk.lua ADDRESS -- FILE

local requests = {}
local last = 0

function init(arguments)
    for line in io.lines(arguments[1]) do
        local host, path = line:match("^([^\t]+)\t([^\t]+)$")
        local headers = {}
        for name, value in pairs(wrk.headers) do
            headers[name] = value
        end
        headers["Host"] = host
        requests[#requests + 1] = wrk.format("GET", path, headers)
    end
end

function request()
    last = last % #requests + 1
    return requests[last]
end
