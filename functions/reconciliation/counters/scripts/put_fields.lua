-- Fields of a hash under one version: the greatest version wins.
-- KEYS  hash     ARGV  name of the version's field, version, then field, value, field, value ...
-- Returns 1 when they are now in force, 0 when that version or a later one already was.

local known = tonumber(redis.call('HGET', KEYS[1], ARGV[1])) or 0
if tonumber(ARGV[2]) <= known then return 0 end
redis.call('HSET', KEYS[1], unpack(ARGV))
return 1
