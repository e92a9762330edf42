-- A sequence that only grows: who finds it behind what it saw before knows that writes were lost.
-- So does who finds that it was moved over what it saw, from before it to after it, at one step.
-- KEYS  sequence, generation, its long steps     ARGV  now ms, greatest that the caller saw,
--   tolerance in ms, steps that are kept
-- Returns {the sequence now, how far it had gone back}. Beyond the tolerance the generation goes
-- too: what is left is an old copy, and nobody may take it for a state.

local found = tonumber(redis.call('GET', KEYS[1])) or 0
local now, seen, tolerance = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])

local function withdrawn(lost)
  if lost <= tolerance then return lost end
  -- Opened after all that the caller saw: a rebuild knew of the loss.
  if (tonumber(redis.call('GET', KEYS[2])) or 0) > seen then return 0 end
  redis.call('DEL', KEYS[2])
  return lost
end

-- Somebody else went on. The caller may have seen less than others of what is lost, and must not
-- hide it from them: it learns, and moves nothing.
if found > seen then
  local lost = 0
  for _, step in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], '(' .. ARGV[2], '+inf')) do
    local from = tonumber(string.match(step, '^%d+'))
    if from < seen then lost = math.max(lost, seen - from) end
  end
  return {found, withdrawn(lost)}
end

local moved = string.format('%.0f', math.max(seen, now))
redis.call('SET', KEYS[1], moved)
-- Nobody looked for a while, or this is an old copy: whoever saw what lies between can tell.
if found > 0 and tonumber(moved) - found > tolerance then
  redis.call('ZADD', KEYS[3], moved, string.format('%.0f', found) .. '-' .. moved)
  redis.call('ZREMRANGEBYRANK', KEYS[3], 0, -1 - tonumber(ARGV[4]))
end
return {tonumber(moved), withdrawn(seen - found)}
