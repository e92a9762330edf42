-- A grant is absolute: the greatest version wins, in whatever order they come. What was used before
-- it came is read from the hours hash, in the same step.
--
-- KEYS  state, hours
-- ARGV  meter, version, now ms, limit, start, end, next limit, next start, next end, rate, burst,
--       lag, period, anchor day, policy when unknown ('' = not stated)
-- Returns 1 when the grant is now in force, 0 when one of its version or a later one already was.

local state, hours, meter = KEYS[1], KEYS[2], ARGV[1] .. ':'
local version = tonumber(ARGV[2])

-- The customer's policy has a version of its own: grants of two meters may both state it.
if ARGV[15] ~= '' then
  local known = tonumber(redis.call('HGET', state, 'allow_when_unknown_version')) or 0
  if version > known then
    redis.call('HSET', state,
      'allow_when_unknown', ARGV[15], 'allow_when_unknown_version', ARGV[2])
  end
end

if version <= (tonumber(redis.call('HGET', state, meter .. 'grant_version')) or 0) then return 0 end

-- When it was stated: its version, which is a time, unless that is ahead of ours. A limit that Aforo
-- stated later (limit.lua) outlives a grant that comes late.
local now = tonumber(ARGV[3])
local granted_ms = math.min(version, now)
local limit, next_limit = tonumber(ARGV[4]), tonumber(ARGV[7])
local aforo = redis.call('HMGET', state, meter .. 'aforo_limit_ms', meter .. 'aforo_limit')
if ARGV[13] == 'month' and granted_ms < (tonumber(aforo[1]) or 0) then
  limit, next_limit = tonumber(aforo[2]), tonumber(aforo[2])
end

redis.call('HSET', state,
  meter .. 'grant_version', ARGV[2], meter .. 'granted_ms', whole(granted_ms),
  meter .. 'rate_per_second', ARGV[10], meter .. 'burst', ARGV[11],
  meter .. 'lag_seconds', ARGV[12],
  meter .. 'period', ARGV[13], meter .. 'anchor_day', ARGV[14])
write_windows(state, hours, meter, {
  limit = limit, start_ms = tonumber(ARGV[5]), end_ms = tonumber(ARGV[6]),
  next_limit = next_limit,
  next_start_ms = tonumber(ARGV[8]), next_end_ms = tonumber(ARGV[9]),
}, now)
redis.call('PERSIST', hours)
return 1
