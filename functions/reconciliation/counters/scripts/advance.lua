-- A field that only ever grows: a time that was reached.
-- KEYS  hash     ARGV  field, number
-- Returns 1 when it grew, 0 when it was already there or further on.

if tonumber(ARGV[2]) <= (tonumber(redis.call('HGET', KEYS[1], ARGV[1])) or 0) then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return 1
