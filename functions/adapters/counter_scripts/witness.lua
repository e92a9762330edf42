-- A sequence that only grows: who finds it behind what it saw before knows that writes were lost.
-- KEYS  sequence, generation     ARGV  now ms, greatest that the caller saw, tolerance in ms
-- Returns {the sequence now, how far it had gone back}. Beyond the tolerance the generation goes
-- too: what is left is an old copy, and nobody may take it for a state.

local found = tonumber(redis.call('GET', KEYS[1])) or 0
local now, seen = tonumber(ARGV[1]), tonumber(ARGV[2])
redis.call('SET', KEYS[1], string.format('%.0f', math.max(found, seen, now)))
local lost = math.max(seen - found, 0)
if lost > tonumber(ARGV[3]) then redis.call('DEL', KEYS[2]) end
return {math.max(found, seen, now), lost}
