-- include parts/words.lua
-- What an operator says about a sale: an array of its members, in the order of sale::Put::Member. A member that is
-- not there is false. `items` are arrays {sku, title, price, stock}; limit_per_buyer is a text, since it may be
-- greater than a number of Lua can say.
local spec = {
  TITLE = 1, CURRENCY = 2, ITEMS = 3, OPENS_AT = 4, CLOSES_AT = 5, HOLD_SECONDS = 6, PAYMENT_SECONDS = 7,
  PAYMENT_ATTEMPTS = 8, PROMOTION_SECONDS = 9, LIMIT_PER_BUYER = 10, LINE_LIMIT = 11, PAYMENT = 12,
  CHECKOUT_URL = 13, NOTIFY = 14, PUBLIC_STOCK_HIDDEN = 15, TEST = 16,
  MEMBERS = 16,
}
dibs.spec = spec

local NAMES = {
  'title', 'currency', 'items', 'opens_at', 'closes_at', 'hold_seconds', 'payment_seconds', 'payment_attempts',
  'promotion_seconds', 'limit_per_buyer', 'line_limit', 'payment', 'checkout_url', 'notify', 'public_stock', 'test',
}
-- Members that stay as they are from the opening on, and those that do when it is closed, in the order in which a
-- refusal names them.
local FROZEN_WHEN_OPEN = { 2, 3, 4, 10, 12, 13, 15, 16 }
local FROZEN_WHEN_CLOSED = { 5, 6, 7, 8, 9, 11 }

function spec.same_items(a, b)
  if #a ~= #b then return false end
  for i = 1, #a do
    for field = 1, 4 do
      if a[i][field] ~= b[i][field] then return false end
    end
  end
  return true
end

local function same_member(a, b, member)
  if member == spec.ITEMS then return spec.same_items(a[member], b[member]) end
  return a[member] == b[member]
end

function spec.same(a, b)
  for member = 1, spec.MEMBERS do
    if not same_member(a, b, member) then return false end
  end
  return true
end

-- `old` with the members of `given` whose bits are set in `present`.
function spec.changed(old, given, present)
  local target = {}
  for member = 1, spec.MEMBERS do
    local is_present = math.floor(present / 2 ^ (member - 1)) % 2 == 1
    target[member] = is_present and given[member] or (not is_present and old[member])
  end
  return target
end

-- The name of the first member that may no longer differ, or nil.
function spec.frozen_member(now, target, closed)
  for _, member in ipairs(FROZEN_WHEN_OPEN) do
    if not same_member(now, target, member) then return NAMES[member] end
  end
  for _, member in ipairs(closed and FROZEN_WHEN_CLOSED or {}) do
    if not same_member(now, target, member) then return NAMES[member] end
  end
end

-- Whether a sale that opens now has closed already.
function spec.is_over(members)
  local closes_at = members[spec.CLOSES_AT]
  return closes_at and closes_at <= members[spec.OPENS_AT]
end

function spec.has_price(members)
  for _, item in ipairs(members[spec.ITEMS]) do
    if item[3] ~= 0 then return true end
  end
  return false
end

local function line_limit_of(members)
  if members[spec.LINE_LIMIT] then return members[spec.LINE_LIMIT] end
  local stock = 0
  for _, item in ipairs(members[spec.ITEMS]) do stock = stock + item[4] end
  return math.min(math.max(dibs.LINE_LIMIT_MIN, dibs.LINE_LIMIT_PER_UNIT * stock), dibs.LINE_LIMIT_MAX)
end

-- What the rules look up of it.
function spec.derive(members)
  local by_sku = {}
  for i, item in ipairs(members[spec.ITEMS]) do by_sku[item[1]] = i end
  return {
    members = members,
    items = members[spec.ITEMS],
    by_sku = by_sku,
    opens_at = members[spec.OPENS_AT],
    closes_at = members[spec.CLOSES_AT],
    limit = tonumber(members[spec.LIMIT_PER_BUYER]),
    line_limit = line_limit_of(members),
    hold = members[spec.HOLD_SECONDS] * dibs.SECOND,
    payment_window = members[spec.PAYMENT_SECONDS] * dibs.SECOND,
    promotion = members[spec.PROMOTION_SECONDS] * dibs.SECOND,
    attempts = members[spec.PAYMENT_ATTEMPTS],
    payment = members[spec.PAYMENT],
    test = members[spec.TEST],
  }
end

-- The fields of an event that says all of it: absent members are left out, `item` comes once an item.
function spec.add_fields(members, fields)
  for member = 1, spec.MEMBERS do
    local value = members[member]
    if member == spec.ITEMS then
      for _, item in ipairs(value) do
        fields[#fields + 1] = 'item'
        fields[#fields + 1] = item[1] .. ' ' .. dibs.text(item[3]) .. ' ' .. dibs.text(item[4]) .. ' ' .. item[2]
      end
    elseif value then
      fields[#fields + 1] = NAMES[member]
      fields[#fields + 1] = value == true and 1 or value
    end
  end
end

-- Specs as they were read, so that a busy sale's is not unpacked in every call. One of another epoch or event is not
-- the same; the cache is no part of the sale's state, and may be lost at any time.
local cache, cached = {}, 0
local CACHED_MOST = 64

function spec.read(key, epoch, seq)
  local name = key .. ' ' .. epoch .. ' ' .. seq
  if not cache[name] then
    if cached >= CACHED_MOST then cache, cached = {}, 0 end
    cache[name] = spec.derive(cmsgpack.unpack(redis.call('HGET', key, 'spec')))
    cached = cached + 1
  end
  return cache[name]
end
