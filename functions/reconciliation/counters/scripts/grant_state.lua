-- Put before settle.lua, close.lua and grant.lua: a meter's grant in the state hash, as a table and back.
-- Names of fields: functions/usage/quota.py. A window is whole hours, so an hour lies in one period.

local HOUR_MS = 3600000
-- Below Lua's limit of 8000 values on its stack, and short enough to read in 0.1 ms.
local FIELDS_PER_READ = 500

local function whole(number)
  return string.format('%.0f', number)
end

-- What the hours hash holds for start_ms <= hour < end_ms; 0 for an absent window.
local function used_in(hours, start_ms, end_ms)
  local sum = 0
  if not start_ms then return sum end
  local last = end_ms / HOUR_MS - 1
  for from = start_ms / HOUR_MS, last, FIELDS_PER_READ do
    local fields = {}
    for hour = from, math.min(from + FIELDS_PER_READ - 1, last) do
      fields[#fields + 1] = whole(hour)
    end
    for _, quantity in ipairs(redis.call('HMGET', hours, unpack(fields))) do
      sum = sum + (tonumber(quantity) or 0)
    end
  end
  return sum
end

local function read_grant(state, meter)
  local found = redis.call('HMGET', state,
    meter .. 'limit', meter .. 'used', meter .. 'start_ms', meter .. 'end_ms',
    meter .. 'next_limit', meter .. 'next_used', meter .. 'next_start_ms', meter .. 'next_end_ms',
    meter .. 'period', meter .. 'anchor_day')
  return {
    limit = tonumber(found[1]), used = tonumber(found[2]),
    start_ms = tonumber(found[3]), end_ms = tonumber(found[4]),
    next_limit = tonumber(found[5]), next_used = tonumber(found[6]),
    next_start_ms = tonumber(found[7]), next_end_ms = tonumber(found[8]),
    period = found[9] or '', anchor_day = found[10] or '',
  }
end

local function text(number)
  return number and whole(number) or ''
end

-- `remaining` is of the window that covers now: derived here, where `used` changes, and nowhere else.
local function write_usage(state, meter, grant, now)
  local limit, used = grant.limit, grant.used
  if grant.next_start_ms and now >= grant.next_start_ms then
    limit, used = grant.next_limit, grant.next_used
  end
  redis.call('HSET', state,
    meter .. 'used', text(grant.used), meter .. 'next_used', text(grant.next_used),
    meter .. 'remaining', whole(limit - used))
end

local function write_windows(state, hours, meter, grant, now)
  grant.used = used_in(hours, grant.start_ms, grant.end_ms)
  grant.next_used = grant.next_start_ms and used_in(hours, grant.next_start_ms, grant.next_end_ms)
  redis.call('HSET', state,
    meter .. 'limit', text(grant.limit),
    meter .. 'start_ms', text(grant.start_ms), meter .. 'end_ms', text(grant.end_ms),
    meter .. 'next_limit', text(grant.next_limit),
    meter .. 'next_start_ms', text(grant.next_start_ms),
    meter .. 'next_end_ms', text(grant.next_end_ms))
  write_usage(state, meter, grant, now)
end

-- The windows of now, where a recurring grant's period is over: they were told as six arguments from
-- `first` (period, anchor day, start, end, next start, next end). False: not told, nothing changed.
local function roll_over(state, hours, meter, grant, now, first)
  if grant.period == '' or now < grant.end_ms then return true end
  if ARGV[first] ~= grant.period or ARGV[first + 1] ~= grant.anchor_day then return false end
  grant.limit = grant.next_limit or grant.limit
  grant.next_limit = grant.limit
  grant.start_ms, grant.end_ms = tonumber(ARGV[first + 2]), tonumber(ARGV[first + 3])
  grant.next_start_ms, grant.next_end_ms = tonumber(ARGV[first + 4]), tonumber(ARGV[first + 5])
  write_windows(state, hours, meter, grant, now)
  return true
end

-- Hours that neither a late event nor the current period can ask for, once they are twice too many.
local function drop_old_hours(hours, closed, grant, oldest, kept)
  if redis.call('HLEN', hours) <= 2 * kept then return end
  if grant.start_ms then oldest = math.min(oldest, grant.start_ms / HOUR_MS) end
  for _, hour in ipairs(redis.call('HKEYS', hours)) do
    if tonumber(hour) < oldest then
      redis.call('HDEL', hours, hour)
      redis.call('HDEL', closed, hour)
    end
  end
end
