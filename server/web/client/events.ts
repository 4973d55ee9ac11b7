// Written by `./wucha contract` from server/domain/events.py. Do not edit.
export type HallEvent =
  | { name: 'aid.changed'; aid: number; kind: string; place: string; kiosk: string | null; state: string }
  | { name: 'alarm.answered'; alarm: string; person: string }
  | { name: 'alarm.changed'; kind: string; what: string }
  | { name: 'appointment.booked'; appointment: number; queue: string; at: string }
  | { name: 'appointment.cancelled'; appointment: number; queue: string; at: string }
  | { name: 'appointment.checked_in'; appointment: number; queue: string; at: string; ticket: number; number: string }
  | { name: 'appointment.missed'; appointment: number; queue: string; at: string }
  | { name: 'appointment.moved'; appointment: number; queue: string; at: string; was: string }
  | { name: 'complaint.changed'; complaint: number; state: string }
  | { name: 'config.changed'; version: number; area: string }
  | { name: 'config.drafted'; area: string }
  | { name: 'day.closed'; day: string }
  | { name: 'day.closing'; day: string }
  | { name: 'day.opened'; day: string }
  | { name: 'deed.undone'; ticket: number; number: string; queue: string; window: string; move: string; to_queue: string | null }
  | { name: 'device.changed'; device: string; kind: string; kiosk: string | null; window: string | null; state: string; reason: string }
  | { name: 'emergency.acknowledged'; emergency: number; window: string }
  | { name: 'emergency.closed'; emergency: number; window: string }
  | { name: 'emergency.raised'; emergency: number; window: string }
  | { name: 'enquiry.registered'; enquiry: number; kind: string }
  | { name: 'enquiry.withdrawn'; enquiry: number; kind: string }
  | { name: 'estimates.changed'; queue: string }
  | { name: 'hold.overdue'; ticket: number; number: string; queue: string; window: string }
  | { name: 'leave.changed'; leave: number; state: string }
  | { name: 'leg.added'; ticket: number; number: string; queue: string; window: string | null }
  | { name: 'order.changed'; order: number; kind: string; state: string }
  | { name: 'placement.published'; version: number }
  | { name: 'post.cover_ended'; window: string }
  | { name: 'post.leader_called'; window: string }
  | { name: 'post.stand_in_called'; window: string }
  | { name: 'rating.asked'; window: string; leg: number }
  | { name: 'rating.given'; window: string; leg: number; level: number }
  | { name: 'rating.timed_out'; window: string; leg: number }
  | { name: 'rating.withdrawn'; window: string; leg: number }
  | { name: 'roll.changed'; kiosk: string }
  | { name: 'rules.changed'; version: number }
  | { name: 'service.added'; ticket: number; number: string; window: string }
  | { name: 'slip.changed'; slip: number; ticket: number | null; kiosk: string | null; state: string; reason: string; copy: number }
  | { name: 'slips.published'; version: number }
  | { name: 'ticket.arrived'; ticket: number; number: string; queue: string }
  | { name: 'ticket.called'; call: number; ticket: number; number: string; queue: string; window: string; window_number: string; n: number; voice: string; text: { zh: string; en: string } }
  | { name: 'ticket.cancelled'; ticket: number; number: string; queue: string }
  | { name: 'ticket.chosen'; ticket: number; number: string; window: string; reason: string }
  | { name: 'ticket.held'; ticket: number; number: string; queue: string; window: string }
  | { name: 'ticket.lapsed'; ticket: number; number: string; queue: string }
  | { name: 'ticket.let_go'; ticket: number; number: string; queue: string; window: string; from_window: string | null }
  | { name: 'ticket.no_show'; ticket: number; number: string; queue: string; window: string }
  | { name: 'ticket.postponed'; ticket: number; number: string; queue: string }
  | { name: 'ticket.recalled'; call: number; ticket: number; number: string; queue: string; window: string; window_number: string; n: number; voice: string; text: { zh: string; en: string } }
  | { name: 'ticket.reclassed'; ticket: number; number: string; queue: string }
  | { name: 'ticket.released'; ticket: number; number: string; queue: string; window: string; to_queue: string; to_window: string | null; from_window: string | null }
  | { name: 'ticket.resumed'; ticket: number; number: string; queue: string; window: string; from_window: string | null }
  | { name: 'ticket.returned'; ticket: number; number: string; queue: string; window: string | null; from_window: string | null }
  | { name: 'ticket.taken'; ticket: number; number: string; queue: string }
  | { name: 'ticket.transferred'; ticket: number; number: string; queue: string; window: string; to_queue: string; to_window: string | null }
  | { name: 'tidal.cleared'; window: string }
  | { name: 'tidal.confirmed'; window: string }
  | { name: 'tidal.declined'; window: string }
  | { name: 'tidal.requested'; window: string }
  | { name: 'visit.corrected'; ticket: number; number: string; window: string }
  | { name: 'visit.finished'; ticket: number; number: string; queue: string; window: string; outcome: string }
  | { name: 'visit.started'; ticket: number; number: string; queue: string; window: string }
  | { name: 'window.closed'; window: string }
  | { name: 'window.opened'; window: string }
  | { name: 'window.paused'; window: string; reason: string }
  | { name: 'window.resumed'; window: string }
