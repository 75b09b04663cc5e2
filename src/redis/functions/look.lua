-- include parts/fence.lua
-- include parts/step.lua
-- look: how far the sale is, without doing anything. For FCALL_RO.
--
-- KEYS     the nine of the sale: meta items orders buyers keys line due events arrivals
-- ARGV     1 epoch, '' for any   2 lowest seq that is acceptable   3 time in us, '' for the server's clock
-- result   {'ok', epoch, seq, time, next due or -1, seq + 1, {}, {}}, or {'fenced', epoch, seq, why}
redis.register_function({
  function_name = 'dibs_look_' .. VERSION,
  flags = { 'no-writes' },
  callback = function(keys, args)
    local sale = dibs.state.load(keys, dibs.time(args[3]))
    return dibs.fenced(sale, args[1], tonumber(args[2])) or dibs.said(sale, sale.seq + 1, {}, {})
  end,
})
