-- What Aforo says a month's limit is. It is a new statement only when it differs from what Aforo said
-- before, and then it is as old as the moment at which it was asked for: so a grant stands until Aforo
-- changes its mind after it.
--
-- KEYS  state, hours
-- ARGV  meter, asked at ms, now ms, limit
-- Returns 1 when the limit is now in force, 0 when it changes nothing.

local state, hours, meter = KEYS[1], KEYS[2], ARGV[1] .. ':'
local asked, said = tonumber(ARGV[2]), tonumber(ARGV[4])
local found = redis.call('HMGET', state,
  meter .. 'granted_ms', meter .. 'aforo_asked_ms', meter .. 'aforo_limit')
local grant = read_grant(state, meter)

-- Aforo's quota is of a billing month: it says nothing of a day's allowance.
if not grant.limit or grant.period ~= 'month' then return 0 end
-- Answers may overtake each other; an older one is history.
if asked <= (tonumber(found[2]) or 0) then return 0 end
redis.call('HSET', state, meter .. 'aforo_asked_ms', ARGV[2])
if said == tonumber(found[3]) then return 0 end
redis.call('HSET', state, meter .. 'aforo_limit', ARGV[4], meter .. 'aforo_limit_ms', ARGV[2])
if asked <= (tonumber(found[1]) or 0) then return 0 end

-- `used` stays what was counted.
grant.limit, grant.next_limit = said, said
redis.call('HSET', state, meter .. 'limit', ARGV[4], meter .. 'next_limit', ARGV[4])
write_usage(state, meter, grant, tonumber(ARGV[3]))
return 1
