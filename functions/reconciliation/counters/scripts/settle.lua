-- Mark and add: each event is counted the first time that it is seen, and never again.
-- One step for one customer and meter, so that no crash leaves a mark without its quantity.
--
-- An hour that the ledger has closed changes no more: its next closing has what came after it.
--
-- KEYS  state, hours, closed hours, then for each hour: its first set, and the sets of its cells
-- ARGV  meter, now ms, oldest hour to keep, hours kept, seconds to keep hours without a grant,
--       marks of a first set, period, anchor day, start, end, next start, next end ('' = not told),
--       then for each hour: epoch hour, seconds to keep its marks, number of cells, quantity of
--       each event ('' = they differ), for each cell its number of marks, the marks, cell after
--       cell, and where they differ the quantities
-- Returns {fresh events, fresh quantity, events of closed hours, used or nil}, or {-1, period,
-- anchor day} having changed nothing, when a recurring grant's period is over and the windows of now
-- were not told.

local state, hours, closed = KEYS[1], KEYS[2], KEYS[3]
local meter, now = ARGV[1] .. ':', tonumber(ARGV[2])
local first_set_marks = tonumber(ARGV[6])
local grant = read_grant(state, meter)
-- Also the proof, before anything is written, that these keys can be: nothing is rolled back.
redis.call('HLEN', hours)
local has_closed_hours = redis.call('HLEN', closed) > 0

if not roll_over(state, hours, meter, grant, now, 7) then
  return {-1, grant.period, grant.anchor_day}
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

local function add_to_hour(hour, sum)
  local is_new_hour = redis.call('HINCRBY', hours, hour, whole(sum)) == sum
  local hour_ms = tonumber(hour) * HOUR_MS
  if grant.start_ms and hour_ms >= grant.start_ms and hour_ms < grant.end_ms then
    grant.used = grant.used + sum
  elseif grant.next_start_ms and hour_ms >= grant.next_start_ms and hour_ms < grant.next_end_ms then
    grant.next_used = grant.next_used + sum
  end
  if is_new_hour then
    drop_old_hours(hours, closed, grant, tonumber(ARGV[3]), tonumber(ARGV[4]))
  end
end

local all_fresh, all_quantity, all_closed = 0, 0, 0
local key, argument = 4, 13
while argument <= #ARGV do
  local hour, seconds = ARGV[argument], ARGV[argument + 1]
  local cells, quantity = tonumber(ARGV[argument + 2]), tonumber(ARGV[argument + 3])
  local is_closed = has_closed_hours and redis.call('HEXISTS', closed, hour) == 1
  local fresh, sum = {}, 0
  local mark = argument + 4 + cells
  local first_mark = mark
  for cell = 1, cells do
    local places = {}
    for _ = 1, tonumber(ARGV[argument + 3 + cell]) do
      places[#places + 1] = mark
      mark = mark + 1
    end
    if not is_closed then mark_cell(KEYS[key], KEYS[key + cell], places, seconds, fresh) end
  end
  local events = mark - first_mark
  if is_closed then all_closed = all_closed + events end
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
return {all_fresh, all_quantity, all_closed, grant.used or false}
