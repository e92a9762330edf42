-- Mark and add: each event is counted the first time that it is seen, and never again.
-- One step for one customer and meter, so that no crash leaves a mark without its quantity.
--
-- KEYS  state, hours, then for each hour: its first set, and the sets of its cells
-- ARGV  meter, now ms, oldest hour to keep, hours kept, seconds to keep hours without a grant,
--       marks of a first set, period, anchor day, start, end, next start, next end ('' = not told),
--       then for each hour: epoch hour, seconds to keep its marks, number of cells, quantity of
--       each event ('' = they differ), for each cell its number of marks, the marks, cell after
--       cell, and where they differ the quantities
-- Returns {fresh events, fresh quantity, used or nil}, or {-1, period, anchor day} having changed
-- nothing, when a recurring grant's period is over and the windows of now were not told.

local state, hours, meter, now = KEYS[1], KEYS[2], ARGV[1] .. ':', tonumber(ARGV[2])
local first_set_marks = tonumber(ARGV[6])
local grant = read_grant(state, meter)
-- Also the proof, before anything is written, that this key can be written: nothing is rolled back.
local hours_known = redis.call('HLEN', hours)

if grant.period ~= '' and now >= grant.end_ms then
  if ARGV[7] ~= grant.period or ARGV[8] ~= grant.anchor_day then
    return {-1, grant.period, grant.anchor_day}
  end
  grant.limit = grant.next_limit or grant.limit
  grant.next_limit = grant.limit
  grant.start_ms, grant.end_ms = tonumber(ARGV[9]), tonumber(ARGV[10])
  grant.next_start_ms, grant.next_end_ms = tonumber(ARGV[11]), tonumber(ARGV[12])
  write_windows(state, hours, meter, grant, now)
end

-- Those of the marks (places in ARGV) that a set does not hold, each place once per mark.
local function unknown_in(set, places)
  local marks, unknown, seen = {}, {}, {}
  for i, place in ipairs(places) do marks[i] = ARGV[place] end
  local known = redis.call('SMISMEMBER', set, unpack(marks))
  for i, place in ipairs(places) do
    if known[i] == 0 and not seen[marks[i]] then
      seen[marks[i]] = true
      unknown[#unknown + 1] = place
    end
  end
  return unknown
end

local function add(set, places, seconds)
  if #places == 0 then return end
  local marks = {}
  for i, place in ipairs(places) do marks[i] = ARGV[place] end
  redis.call('SADD', set, unpack(marks))
  redis.call('EXPIRE', set, seconds)
end

-- Marks one cell's events; the places of those that were fresh are put into `fresh`. A first set
-- never loses a mark, so one with room had room all along and no mark of the hour is elsewhere.
local function mark_cell(first_set, cell_set, places, seconds, fresh)
  local unknown = unknown_in(first_set, places)
  if #unknown == 0 then return end
  local room = first_set_marks - redis.call('SCARD', first_set)
  local for_first, for_cell = {}, {}
  for i, place in ipairs(unknown) do
    if i <= room then for_first[#for_first + 1] = place else for_cell[#for_cell + 1] = place end
  end
  add(first_set, for_first, seconds)
  if #for_cell > 0 then
    for_cell = unknown_in(cell_set, for_cell)
    add(cell_set, for_cell, seconds)
  end
  for _, place in ipairs(for_first) do fresh[#fresh + 1] = place end
  for _, place in ipairs(for_cell) do fresh[#fresh + 1] = place end
end

-- Hours that neither a late event nor the current period can ask for.
local function drop_old_hours()
  if hours_known <= 2 * tonumber(ARGV[4]) then return end
  local oldest = tonumber(ARGV[3])
  if grant.start_ms then oldest = math.min(oldest, grant.start_ms / HOUR_MS) end
  for _, hour in ipairs(redis.call('HKEYS', hours)) do
    if tonumber(hour) < oldest then redis.call('HDEL', hours, hour) end
  end
end

local function add_to_hour(hour, sum)
  local is_new_hour = redis.call('HINCRBY', hours, hour, whole(sum)) == sum
  local hour_ms = tonumber(hour) * HOUR_MS
  if grant.start_ms and hour_ms >= grant.start_ms and hour_ms < grant.end_ms then
    grant.used = grant.used + sum
  elseif grant.next_start_ms and hour_ms >= grant.next_start_ms and hour_ms < grant.next_end_ms then
    grant.next_used = grant.next_used + sum
  end
  if is_new_hour then drop_old_hours() end
end

local all_fresh, all_quantity = 0, 0
local key, argument = 3, 13
while argument <= #ARGV do
  local hour, seconds = ARGV[argument], ARGV[argument + 1]
  local cells, quantity = tonumber(ARGV[argument + 2]), tonumber(ARGV[argument + 3])
  local fresh, sum = {}, 0
  local mark = argument + 4 + cells
  local first_mark = mark
  for cell = 1, cells do
    local places = {}
    for _ = 1, tonumber(ARGV[argument + 3 + cell]) do
      places[#places + 1] = mark
      mark = mark + 1
    end
    mark_cell(KEYS[key], KEYS[key + cell], places, seconds, fresh)
  end
  local events = mark - first_mark
  for _, place in ipairs(fresh) do
    sum = sum + (quantity or tonumber(ARGV[place + events]))
  end
  if sum > 0 then add_to_hour(hour, sum) end
  all_fresh, all_quantity = all_fresh + #fresh, all_quantity + sum
  key, argument = key + 1 + cells, quantity and mark or mark + events
end

if all_fresh > 0 then
  if grant.limit then
    write_usage(state, meter, grant, now)
  else
    redis.call('EXPIRE', hours, ARGV[5])
  end
end
return {all_fresh, all_quantity, grant.used or false}
