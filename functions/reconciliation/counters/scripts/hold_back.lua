-- A field that only ever shrinks: the oldest that waits until some time.
-- KEYS  hash     ARGV  field, number
-- Returns 1 when it shrank, 0 when it was already there or further back.

if tonumber(ARGV[2]) >= (tonumber(redis.call('HGET', KEYS[1], ARGV[1])) or math.huge) then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return 1
