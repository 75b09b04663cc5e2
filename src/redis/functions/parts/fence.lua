-- include parts/state.lua
-- Whether the data on this server are those that the gateway knows, and at least as far; otherwise the reply that says
-- why not.
function dibs.fenced(sale, epoch, min_seq)
  local why
  if epoch ~= '' and sale.epoch == '' then
    why = 'The data of this sale are gone from Redis: this gateway has seen them up to event ' ..
      dibs.text(min_seq) .. '.'
  elseif epoch ~= '' and epoch ~= sale.epoch then
    why = 'The data of this sale in Redis are of another epoch than this gateway knows.'
  elseif min_seq > sale.seq then
    why = 'The data of this sale in Redis end at event ' .. dibs.text(sale.seq) .. ', but event ' ..
      dibs.text(min_seq) .. ' has been seen.'
  end
  return why and { 'fenced', sale.epoch, sale.seq, why }
end

-- The reply, given no results and no events.
function dibs.said(sale, first, results, events)
  return { 'ok', sale.epoch, sale.seq, sale.received, dibs.step.next_due(sale) or -1, first, results, events }
end
