-- A field that only ever grows: a time that was reached. What waited until then, waits no more.
-- KEYS  hash     ARGV  field, number, prefix of the fields that hold it back (each `prefix<number>`)
-- Returns 1 when it grew, 0 when it was already there or further on.

if tonumber(ARGV[2]) <= (tonumber(redis.call('HGET', KEYS[1], ARGV[1])) or 0) then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
  if field:sub(1, #ARGV[3]) == ARGV[3] and tonumber(field:sub(#ARGV[3] + 1)) < tonumber(ARGV[2]) then
    redis.call('HDEL', KEYS[1], field)
  end
end
return 1
