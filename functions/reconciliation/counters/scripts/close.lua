-- Close hours: what the ledger sums for an hour becomes its count, by the greatest version. A version
-- is taken before the ledger is read, so a later one has read at least as much.
--
-- KEYS  state, hours, closed hours, then for each hour: its first set of marks
-- ARGV  meter, now ms, oldest hour to keep, hours kept, seconds to keep hours without a grant,
--       marks of a first set, period, anchor day, start, end, next start, next end ('' = not told),
--       version, then for each hour: epoch hour, sum
-- Returns {hours now closed by this version, units that the first closing of an hour added, and took
-- away, units that a later closing added, and took away, then the hours whose marks are also in
-- cells}; or {-1, period, anchor day} as settle.lua does.

local state, hours, closed = KEYS[1], KEYS[2], KEYS[3]
local meter, now, version = ARGV[1] .. ':', tonumber(ARGV[2]), tonumber(ARGV[13])
local grant = read_grant(state, meter)
-- Also the proof, before anything is written, that these keys can be: nothing is rolled back.
redis.call('HLEN', hours)
redis.call('HLEN', closed)

if not roll_over(state, hours, meter, grant, now, 7) then
  return {-1, grant.period, grant.anchor_day}
end

-- added first, taken first, added later, taken later
local answer = {0, 0, 0, 0, 0}
local has_changed = false

local function note(known, difference)
  local place = (known and 4 or 2) + (difference < 0 and 1 or 0)
  answer[place] = answer[place] + math.abs(difference)
  has_changed = has_changed or difference ~= 0
end

local function forget_marks(hour, first_set)
  if redis.call('SCARD', first_set) >= tonumber(ARGV[6]) then answer[#answer + 1] = hour end
  redis.call('UNLINK', first_set)
end

for i = 4, #KEYS do
  local hour, sum = ARGV[14 + 2 * (i - 4)], tonumber(ARGV[15 + 2 * (i - 4)])
  local known = tonumber(redis.call('HGET', closed, hour))
  if version > (known or 0) then
    note(known, sum - (tonumber(redis.call('HGET', hours, hour)) or 0))
    redis.call('HSET', hours, hour, whole(sum))
    redis.call('HSET', closed, hour, ARGV[13])
    if not known then forget_marks(hour, KEYS[i]) end
    answer[1] = answer[1] + 1
  end
end

if answer[1] > 0 then
  drop_old_hours(hours, closed, grant, tonumber(ARGV[3]), tonumber(ARGV[4]))
  redis.call('EXPIRE', closed, ARGV[5])
  if not grant.limit then
    redis.call('EXPIRE', hours, ARGV[5])
  elseif has_changed then
    -- From the hours themselves, not by the difference: this is where a wrong `used` ends.
    grant.used = used_in(hours, grant.start_ms, grant.end_ms)
    grant.next_used = grant.next_start_ms and used_in(hours, grant.next_start_ms, grant.next_end_ms)
    write_usage(state, meter, grant, now)
  end
end
return answer
