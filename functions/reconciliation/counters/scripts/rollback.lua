-- A sequence that only grows: who finds it behind what it saw before knows that writes were lost.
-- KEYS  sequence, generation     ARGV  now ms, greatest that the caller saw, tolerance in ms
-- Returns {the sequence now, how far it had gone back}. Beyond the tolerance the generation goes
-- too: what is left is an old copy, and nobody may take it for a state.

local found = tonumber(redis.call('GET', KEYS[1])) or 0
local now, seen = tonumber(ARGV[1]), tonumber(ARGV[2])
-- Somebody else went on. The caller may have seen less than others of what is lost, and must not
-- hide it from them: it learns, and writes nothing.
if found > seen then return {found, 0} end
redis.call('SET', KEYS[1], string.format('%.0f', math.max(seen, now)))
local lost = seen - found
if lost > tonumber(ARGV[3]) then
  -- Opened after all that the caller saw: a rebuild knew of the loss.
  local opened = tonumber(redis.call('GET', KEYS[2])) or 0
  if opened > seen then lost = 0 else redis.call('DEL', KEYS[2]) end
end
return {math.max(seen, now), lost}
