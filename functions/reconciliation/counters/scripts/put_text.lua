-- A text under a version that stands beside it, so that a reader gets the text alone.
-- KEYS  text, version     ARGV  version, text
-- Returns 1 when it is now in force, 0 when that version or a later one already was.

if tonumber(ARGV[1]) <= (tonumber(redis.call('GET', KEYS[2])) or 0) then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
redis.call('SET', KEYS[2], ARGV[1])
return 1
