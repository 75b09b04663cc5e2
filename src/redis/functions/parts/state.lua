-- include parts/spec.lua
-- include parts/records.lua
-- A sale as one call sees it: its figures in `meta`, and tables for what is read of the rest.
--
-- meta   hash: epoch, seq (of the last event), last_at, last_actor (of that event), arrival (the last given), alive_at
--        (of a late call), spec (packed; absent when the sale does not exist), spec_seq (the event it is of), opened,
--        paused, closed, archived (0 or 1), paused_at, shift, waiting, holding, open_money (orders), touched, swept
--        (numbers of items, with blanks between)
local state = {}
dibs.state = state

local NUMBERS = { 'seq', 'last_at', 'arrival', 'alive_at', 'spec_seq', 'paused_at', 'shift', 'waiting', 'holding',
  'open_money' }
local FLAGS = { 'opened', 'paused', 'closed', 'archived' }
local SETS = { 'touched', 'swept' }
local LISTS = { NUMBERS, FLAGS, SETS }
local FIELDS = { 'epoch', 'last_actor' }
for list = 1, #LISTS do
  for i = 1, #LISTS[list] do FIELDS[#FIELDS + 1] = LISTS[list][i] end
end

-- The keys by name, in the order of KEYS.
local function named(keys)
  return { meta = keys[1], items = keys[2], orders = keys[3], buyers = keys[4], keys = keys[5], line = keys[6],
    due = keys[7], events = keys[8], arrivals = keys[9] }
end

local function forget(sale)
  sale.spec, sale.new_spec = nil, false
  for _, name in ipairs(FLAGS) do sale[name] = false end
  for _, name in ipairs({ 'spec_seq', 'paused_at', 'shift', 'waiting', 'holding', 'open_money' }) do sale[name] = 0 end
  for _, name in ipairs({ 'touched', 'swept', 'items', 'orders', 'buyers', 'remembered', 'new_keys', 'moved', 'heap',
    'due' }) do
    sale[name] = {}
  end
  sale.first_due, sale.due_read, sale.due_done = 1, 0, false
end

-- As if the sale had never been: what Removed, Archived and Created leave. Its numbers go on.
function state.clear(sale)
  forget(sale)
  sale.base_gone = true
end

-- The sale behind the nine keys, as it is on the server; `received` is the time of the call.
function state.load(keys, received)
  dibs.forget_texts()
  local sale = { keys = named(keys), received = received, events = {}, actor = '', requests = {}, base_gone = false }
  forget(sale)
  local found = redis.call('HMGET', sale.keys.meta, unpack(FIELDS))
  local field = {}
  for i, name in ipairs(FIELDS) do field[name] = found[i] end
  sale.epoch, sale.last_actor = field.epoch or '', field.last_actor or ''
  for _, name in ipairs(NUMBERS) do sale[name] = tonumber(field[name] or '0') end
  for _, name in ipairs(FLAGS) do sale[name] = field[name] == '1' end
  for _, name in ipairs(SETS) do
    for number in string.gmatch(field[name] or '', '%d+') do sale[name][tonumber(number)] = true end
  end
  sale.first_seq, sale.first_arrival = sale.seq + 1, sale.arrival + 1
  if sale.spec_seq > 0 then sale.spec = dibs.spec.read(sale.keys.meta, sale.epoch, field.spec_seq) end
  sale.at = math.max(received, sale.last_at)
  return sale
end

-- The words of the HSET of meta: all of it after an event, otherwise what a refusal changes.
function state.words(sale)
  local words = { 'alive_at', sale.alive_at, 'arrival', sale.arrival }
  local function add(name, value) words[#words + 1], words[#words + 2] = name, value end
  local function numbers(set)
    local list = {}
    for number in pairs(set) do list[#list + 1] = number end
    return table.concat(list, ' ')
  end
  add('swept', numbers(sale.swept))
  if #sale.events == 0 then return words end
  add('epoch', sale.epoch)
  add('last_actor', sale.last_actor)
  for _, name in ipairs(NUMBERS) do add(name, sale[name]) end
  for _, name in ipairs(FLAGS) do add(name, sale[name] and 1 or 0) end
  add('touched', numbers(sale.touched))
  if sale.new_spec then add('spec', cmsgpack.pack(sale.spec.members)) end
  return words
end

-- Deadlines are made on the sale's clock: in a pause it stands where the pause began, and what remains is counted from
-- the end of it.
function state.deadline_after(sale, window)
  return (sale.paused and sale.paused_at or sale.at) + window
end

function state.expires_at(sale, order) return order.deadline + sale.shift end
