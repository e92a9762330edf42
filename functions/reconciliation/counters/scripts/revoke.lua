-- A revocation only ever gets longer: existence means revoked.
-- KEYS  revocation     ARGV  milliseconds from now
-- Returns 1 when it was set or made longer, 0 when it already lasts at least that long.

local left = redis.call('PTTL', KEYS[1])
if left == -1 or left >= tonumber(ARGV[1]) then return 0 end
redis.call('SET', KEYS[1], '1', 'PX', ARGV[1])
return 1
