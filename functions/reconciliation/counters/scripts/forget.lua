-- Marks of a closed hour are looked at no more. Of an hour that is open again (the counters were lost
-- meanwhile) they must stay: without them its events would count twice.
-- KEYS  closed hours, sets of marks     ARGV  epoch hour
-- Returns the number of sets that went.

if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then return 0 end
return redis.call('UNLINK', unpack(KEYS, 2))
