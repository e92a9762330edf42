-- KEYS  parts of a rebuild that are done     ARGV  part, seconds to keep them
-- Returns 1 when the part is new among them, 0 when it was done before.

local is_new = redis.call('SADD', KEYS[1], ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[2])
return is_new
