/** What the server sends to the faces. Times are ISO 8601 UTC; unknown is null, never -1. */

/** The name of a file in config/text: zh and en are always there, a hall may add its own. */
export type Lang = string
export type Both = Record<'zh' | 'en', string>
export type Row = Record<string, unknown>
export type Rows<R extends object = Record<string, Row>> = { [C in keyof R]?: Record<string, R[C]> }

export interface Snapshot {
  revision: number
  at: string
  rows: Record<string, Record<string, Row>>
  values: Record<string, unknown>
}
export interface Changes {
  since: number
  revision: number
  at: string
  events: HallEvent[]
  rows: Record<string, Record<string, Row | null>>
  values: Record<string, unknown>
}
export interface Pulse {
  revision: number
  at: string
}
export interface HallEvent {
  name: string
  [field: string]: unknown
}

/** Every "no" of the server, in one shape. */
export interface Refused {
  refused: string
  facts: Record<string, unknown>
  text: Both
}

// ---------------------------------------------------------------- rows
export type WindowState = 'closed' | 'open' | 'paused'
export type TicketState =
  | 'away' | 'waiting' | 'called' | 'serving' | 'held' | 'done' | 'no_show' | 'cancelled' | 'expired' | 'transferred'
export type DeviceState = 'ok' | 'warn' | 'down' | 'unknown'
export type DayState = 'planned' | 'open' | 'closing' | 'closed'

export interface Clerk {
  id: string
  name: string
  title: string
  name_en?: string
  title_en?: string
  duties: string
  duties_en?: string
  photo: string | null
}
export interface PauseReason {
  /** When the clerk means to be back; null: not said. */
  back_at: string | null
  reason: string
  zh: string
  en: string
}
export interface WindowRow {
  /** Kinds of comprehensive window it belongs to. */
  classes?: { id: string; name: string; name_en: string }[]
  id: string
  number: string
  name: string
  name_en?: string
  /** The area it stands in. */
  zone: string
  zone_en?: string
  state: WindowState
  pause: PauseReason | null
  clerk: Clerk | null
  ticket: { number: string; state: 'called' | 'serving' } | null
  queues: string[]
  /** Nobody works there: for a repair, or for good. */
  out?: '' | 'repair' | 'closed'
}
export interface ManagerWindowRow extends WindowRow {
  since: string | null
  idle_since: string | null
  service: string | null
  service_en?: string | null
  called_at?: string | null
  started_at?: string | null
  /** How long the service at the window usually takes. */
  usual_s: number | null
  figures: { served: number }
}
/** How long a number taken now waits: whole minutes, null when unknown; rough = from listed times alone. */
export interface Estimate {
  state: 'range' | 'soon' | 'unknown'
  low: number | null
  high: number | null
  rough: boolean
}
export interface QueueRow {
  id: string
  name: string
  name_en: string
  /** Taken by phone, and not there yet: nobody can call them. */
  away: number
  waiting: number
  serving: number
  windows_open: number
  called: string | null
  estimate?: Estimate | null // null: this hall shows no estimates
}
export interface ManagerQueueRow extends QueueRow {
  oldest_at: string | null
  target_s: number | null
  /** When the oldest will have waited, or has waited, longer than the target. */
  over_target_from?: string | null
}
export interface DeviceRow {
  name: string
  kind: string
  model: string
  line: string
  window: string | null
  kiosk: string | null
  state: DeviceState
  reason: string
  detail: string
  host: string // what the host that has it calls itself
  at: string | null
}
export interface Call {
  id: string
  number: string
  window: string
  window_id: string
  n: number
  at: string
}
export interface Day {
  date: string
  state: DayState
  taken: number
  /** Taken by phone, and not there yet. */
  away: number
  waiting: number
  held: number
  called: number
  serving: number
  done: number
  no_show: number
  cancelled: number
  expired: number
  transferred?: number
  /** No official calendar for this year: Monday to Friday was assumed. */
  provisional?: boolean
}
/** What a hall makes public of its day: minutes, shares of 1; null = nothing measured, or too few to tell. */
export interface PublicFigures {
  day: Day
  at: string
  /** When the day was closed; its figures stay until midnight. */
  ended_at: string | null
  waits: { mean: number | null; p50: number | null; p90: number | null }
  served_s: number | null
  over_30: number | null
  windows_open: number
  ratings: { given: number; satisfied: number | null }
  queues: { id: string; name: string; name_en: string; called: number; mean: number | null }[]
}
/** What the hall itself found that wants a person. */
/** Who has taken an alarm on; `alarm` as the manager's face names it. */
export interface AlarmAnswer {
  alarm: string
  level: 'red' | 'yellow'
  since: string | null
  at: string
  name: string
}
export interface HallAlarm {
  kind: string
  what: string
  level: 'red' | 'yellow'
  since: string
  text: Both
}

// ---------------------------------------------------------------- one picture per namespace
/** facts: the version of `Hall` and `Services` that belongs to a picture. */
export interface HallPicture {
  /** next: the numbers of a queue that have waited longest. */
  rows: { windows: WindowRow; queues: QueueRow; next: { id: string; numbers: string[] } }
  values: { calls: Call[]; day: Day; facts: string }
}
export interface WindowPicture {
  rows: object
  values: { window: WindowRow; day: Day; facts: string }
}
export interface KioskPicture {
  rows: { queues: QueueRow }
  /** reader: the same of its reader of identity cards. */
  values: { day: Day; facts: string; printer: Printer; reader?: Printer; aid?: { id: number; state: 'open' | 'taken'; asked_at: string } | null }
}
/** What a guide's tablet shows; the rows are the manager's, the machines those of the kiosks. */
export interface GuidePicture {
  rows: { queues: ManagerQueueRow; devices: DeviceRow }
  values: {
    day: Day
    facts: string
    guiding: GuidingDay
    aids: AidRow[]
    kiosks: { id: string; prints: boolean }[]
    slips: UnprintedSlip[]
    rolls: ManagerPicture['values']['rolls']
    orders: OrderRow[]
    appointments: AppointmentRow[]
  }
}
export interface PadPicture {
  rows: object
  values: { pad: PadValue; facts: string }
}
export interface ClerkPicture {
  rows: { queues: QueueRow }
  values: { desk: Desk; others: Others; people: Present[]; day: Day; facts: string; appointments: AppointmentRow[] }
}
export interface ManagerPicture {
  rows: { windows: ManagerWindowRow; queues: ManagerQueueRow; devices: DeviceRow }
  values: {
    day: Day
    facts: string
    ratings: RatingsValue
    slips: UnprintedSlip[]
    alarms?: HallAlarm[]
    answers?: AlarmAnswer[]
    emergencies: Emergency[]
    held: (HeldRow & { ticket: number; left: boolean })[]
    tidal: Tidal[]
    posts: Record<string, PostRow>
    choices: ChoiceCount[]
    leaves: LeaveRow[]
    orders: OrderRow[]
    appointments: AppointmentRow[]
    guiding?: GuidingDay
    rolls: Record<string, { device: string; used_mm: number; slips: number; since: string | null; roll_mm: number; left_slips: number | null }>
  }
}
export type Namespace = '/hall' | '/window' | '/kiosk' | '/pad' | '/clerk' | '/guide' | '/manager' | '/bench'

export interface Printer {
  state: 'ok' | 'near_end' | 'paper_out' | 'cover_open' | 'cutter' | 'head' | 'offline' | 'unknown' | 'none'
  at: string | null
}
export interface Slip {
  id: number
  state: 'queued' | 'sending' | 'printed' | 'unsure' | 'failed'
  reason?: string
  copy?: number
}
/** What the hall's screens show so that a phone can prove where it is. */
export interface PresenceScreen {
  code: string
  url: string
  until: string
}
export interface PadValue {
  window: { id: string; number: string; name: string; name_en?: string }
  clerk: Clerk | null
  ask: { leg: number; number: string; asked_at: string; until: string } | null
}
/** Today's, by time. `number`: what it became at check-in. */
export interface AppointmentRow {
  id: number
  at: string
  queue: string
  service: { name: string; name_en: string }
  state: 'booked' | 'checked_in' | 'cancelled' | 'missed'
  number: string | null
}
export interface Desk {
  window: { id: string; number: string; name: string; name_en?: string; state: WindowState; pause: PauseReason | null }
  me: { id: string; name: string }
  queues: string[]
  overflow: string[]
  ticket: DeskTicket | null
  held: HeldRow[]
  /** until: when it is too late to come back; null: they came back as often as the hall allows. */
  missed: { leg: string; number: string; service: string; at: string; until: string | null }[]
  figures: { served: number; avg_s: number | null; no_show: number }
  keypad: { state: DeviceState; reason: string } | null
  can: string[]
  /** What the clerk may take back, and until when. */
  undo: { move: 'call' | 'no_show' | 'finish' | 'transfer' | 'hold'; number: string; until: string } | null
  /** Services still to come on the number at the window. */
  further: { id: number; service: { id: string; name: string; name_en: string } }[]
  done: { leg: number; number: string; outcome: string; at: string; service: { id: string; name: string; name_en: string } }[]
  emergency: { state: 'open' | 'acknowledged'; owner: string | null; at: string } | null
  tidal: 'requested' | 'confirmed' | 'declined' | 'cleared' | null
}
/** Somebody set aside: where, since when, and until when they must be taken up, sent on or closed. */
export interface HeldRow {
  leg: string
  number: string
  window: string
  service: { id: string; name: string; name_en: string }
  since: string
  until: string
}
/** What other windows left that this desk could take up. */
export interface Others {
  held: HeldRow[]
  missed: { leg: string; number: string; window: string; service: { id: string; name: string; name_en: string }; at: string; until: string }[]
}
export interface Present {
  id: string
  name: string
  name_en: string
  window: string
  number: string
  state: WindowState
}
export interface Emergency {
  id: number
  window: string
  window_id: string
  person: string
  state: 'open' | 'acknowledged'
  owner: string | null
  at: string
}
export interface Tidal {
  window: string
  number: string
  state: 'closed' | 'requested' | 'confirmed' | 'declined' | 'cleared'
  queue: string | null
  waiting: number
  oldest_s: number
  at: string | null
}
export interface PostRow {
  state: 'covered_by_a' | 'away' | 'covered_by_b' | 'uncovered'
  number: string
  tidal: boolean
  a: string | null
  b: string[]
  called: 'none' | 'b_called' | 'leader_called'
  /** Who is to sit there on the business day, by time; person null: whoever. */
  shifts?: { person: string | null; since: string; until: string }[]
  /** When the main person is, or will be, on leave. */
  leave: { since: string; until: string } | null
}
/** Leave of a member of staff: asked for, granted by another, closed on return. */
export interface LeaveRow {
  id: number
  person: string
  name: string
  since: string
  until: string
  state: 'requested' | 'approved' | 'denied' | 'cancelled' | 'returned'
  note: string
  decided_by: string | null
  closed_at: string | null
  /** Of one that waits for a word: the slots that would have more appointments than places. */
  over?: { queue: string; name: string; name_en: string; at: string; booked: number; places: number; over: number }[]
}
export interface Named {
  id: string
  name: string
}
/** A home visit, an errand run for a client, or a batch of matters; never who the client is. */
export interface OrderRow {
  id: number
  kind: 'visit' | 'assist' | 'batch'
  state: 'requested' | 'planned' | 'checked_in' | 'done' | 'cancelled'
  service: { id: string; name: string; name_en: string }
  items: number
  note: string
  at: string | null
  until: string | null
  window: { id: string; number: string } | null
  team: Named[]
  code: string | null
  mandate: string | null
  made_by: Named
  made_at: string
  ended_at: string | null
  fee_yuan: number
  steps?: { at: string; by: Named; text: string }[]
  numbers?: { id: number; number: string; day: string; service: string }[]
}
/** A call for a guide's hand. place: door, kiosk:K1, window:W01, zone:A区. */
export interface AidRow {
  id: number
  place: string
  kind: string
  note: string
  state: 'open' | 'taken' | 'done' | 'cancelled'
  helper: (Named & { name_en?: string }) | null
  /** Somebody pressed for it at the kiosk. */
  by_kiosk: boolean
  asked_at: string
  taken_at: string | null
  ended_at: string | null
}
/** POST /api/upkeep: what staff see behind a kiosk's face. pass: shown with every deed until `until`. */
export interface Upkeep {
  pass: string
  until: string
  kiosk: string
  device: string
  machines: { device: string; kind: string; model: string; line: string; host: string; state: DeviceState; reason: string }[]
  roll: { slips: number; left_slips: number | null } | null
}
/** What the guides' work of a day comes to. */
export interface GuidingDay {
  day: string
  enquiries: { total: number; kinds: Record<string, number> }
  aids: {
    total: number
    open: number
    taken: number
    done: number
    cancelled: number
    kinds: Record<string, number>
    waited_s: number | null
    helped_s: number | null
  }
}
export interface ChoiceCount {
  clerk: string
  name: string
  n: number
  reasons: Record<string, number>
}
export interface DeskTicket {
  /** Taken by phone: since when its holder has been in the hall; null for every other number. */
  remote: string | null
  /** The national code of the service; empty where it has none. */
  task_code?: string
  id: string
  leg: string
  number: string
  service: { id: string; name: string; name_en: string }
  queue: string
  priority: string | null
  state: TicketState
  taken_at: string
  waited_s: number
  called_at: string | null
  started_at: string | null
  calls: number
  why: { rule: string; zh: string; en: string } | null
  note: string | null
  materials: Material[]
  from_window?: string | null
  order: { id: number; kind: OrderRow['kind']; items: number } | null
  recall_at: string | null
  back_to: string | null
}
export interface RatingsValue {
  counts: Record<string, number>
  asked: number
  last: { id: string; window: string; clerk_name: string; level: number; reasons: string[]; at: string }[]
}
export interface UnprintedSlip {
  id: number
  number: string
  state: string
  reason: string
  kiosk: string
  at: string
}

// ---------------------------------------------------------------- answers over HTTP
/** One floor in a unit of its own, x to the right, y down; a spot is named by its middle. */
export interface PlanFloor {
  id: string
  name: string
  name_en: string
  width: number
  height: number
  zone: { name: string; x: number; y: number; w: number; h: number }[]
  spot: PlanSpot[]
  drawn: boolean
}
export interface PlanSpot {
  kind: 'window' | 'kiosk' | 'board' | 'entrance' | 'desk' | 'lift' | 'stairs' | 'toilet' | 'seats'
  id: string
  x: number
  y: number
  name: string
  name_en: string
}
export interface Hall {
  id: string
  version: string
  plan?: PlanFloor[]
  slogan?: string
  slogan_en?: string
  name: string
  name_en: string
  hours: { weekday: [string, string][]; saturday: [string, string][]; sunday?: [string, string][]; [more: string]: unknown }
  /** By ISO date, for the days ahead whose hours are not those of the week; none: the hall is closed. */
  special?: Record<string, [string, string][]>
  kiosk_open: string
  hotline: string
  supervision_phone: string
  zone: string
  address: string
  address_en?: string
  languages: Lang[]
  /** What each language calls itself. */
  language_names: Record<Lang, string>
  pad_languages: Record<Lang, string>
  rating: RatingRules
  windows: { id: string; number: string; name: string; name_en?: string; zone: string; zone_en?: string; floor: string; kind: string; low_counter: boolean; classes?: string[] }[]
  /** Kinds of comprehensive window. */
  classes?: { id: string; name: string; name_en: string }[]
  /** `hours`: of a queue that is not served when the hall is. */
  queues: { id: string; name: string; name_en: string; hours?: { weekday: [string, string][]; saturday: [string, string][] } | null }[]
  /** Priority classes a citizen may name at the kiosk; the clerk checks. */
  priorities?: { id: string; name: string; name_en?: string }[]
  /** Classes that only staff give. */
  classes_by_staff?: { id: string; name: string; name_en?: string }[]
  pause_reasons: { id: string; zh: string; en: string }[]
  outcomes: { id: string; zh: string; en: string }[]
  choice_reasons: { id: string; zh: string; en: string }[]
  /** What people ask at the door, and what guides help with. */
  enquiry_kinds?: { id: string; zh: string; en: string }[]
  aid_kinds?: { id: string; zh: string; en: string }[]
  /** Seconds within which a deed may be taken back. */
  undo_s?: number
  /** How calls are spoken: volumes in percent by local time, zones with their boards and window numbers. */
  announce?: { dwell_s: number; volume: number; hours: [string, string, number][]; quiet: [string, string][]; zones: { id: string; boards: string[]; windows: string[]; volume: number }[] }
  /** The way into the department's own system; {places} are filled with references only. */
  handover?: { url: string; zh: string; en: string } | null
  /** A kiosk without paper gives numbers on its screen, or none. */
  paper_out?: 'go_on' | 'stop'
  /** Numbers may be taken by phone. */
  remote?: boolean
  /** There are other halls to go to: /nearby tells of them. */
  nearby?: boolean
  /** A kiosk prints what a service needs, without a number. */
  guide_papers?: boolean
  /** Several services may stand on one number. */
  several: boolean
  /** Where phones reach this hall. */
  url: string
  demo: boolean
}
export interface RatingRules {
  levels: RatingLevel[]
  reason_required_max_level: number
  timeout_s: number
  free_text_max: number
}
export interface RatingLevel {
  value: number
  name: string
  name_en: string
  reasons: { code: string; text: string; first: boolean }[]
}
export interface Material {
  name: string
  name_en?: string
  form: string
  required: boolean
  deferrable: boolean
  shared: boolean
}
export interface Limit {
  n: number
  unit: string
}
export interface Service {
  id: string
  name: string
  name_en: string
  theme: string
  department: { id: string; name: string; name_en: string } | null
  queue: string
  audience: string
  case_type: string
  avg_minutes: number
  promised_limit: Limit | null
  legal_limit: Limit | null
  fee_yuan: number | null
  fee_basis: string
  fee_basis_en?: string
  visits: number
  materials: Material[]
  result: string
  result_en?: string
  pinyin: string
  initials: string
  /** What people call it. */
  also: { word: string; pinyin: string; initials: string }[]
  popular: boolean
  /** It can be booked for another day. */
  appointment?: boolean
  self_register: boolean
  /** Whether this kiosk asks for an identity card. */
  identity?: 'none' | 'phone' | 'id_card_optional' | 'id_card_required'
  /** Numbers of the windows that serve it. */
  windows?: string[]
}
export interface Services {
  version: string
  themes: { id: string; name: string; name_en?: string; count: number }[]
  /** 一件事, with its services in order. */
  events: { id: string; name: string; name_en: string; services: string[] }[]
  services: Service[]
}
export interface Ticket {
  id: number
  number: string
  queue: string
  queue_name: string
  queue_name_en?: string
  service: { id: string; name: string; name_en: string }
  /** Services that follow on the same number. */
  further?: { id: string; name: string; name_en: string }[]
  state: TicketState
  ahead: number | null
  estimate?: Estimate | null
  taken_at: string
  link: string
  url: string
  windows: string[]
  /** Of who came by appointment; late: it waits like any other number. */
  appointment?: { at: string; late: boolean } | null
}
export interface Taken {
  ticket: Ticket
  slip: Slip | null
  /** This person waits for the service already: the number they have, printed again. */
  existing?: boolean
  /** Given by the host beside the kiosk while the server was away. */
  offline?: boolean
}
/** GET /api/offline; url null where the hall gives no numbers offline. */
export interface OfflineHost {
  url: string | null
  key: string
}
/** A card on the kiosk's reader, told beside the picture, once. `reading` is closed: only the server can open it. */
export interface CardRead {
  id: string
  reading: string
  /** 张** */
  shown: string
  kind: string
  /** The priority class its day of birth gives, '' for none. */
  aged: string
}
/** POST /api/tickets/mine */
export interface Mine {
  tickets: Taken[]
  bookings: { state: string; service: { id: string; name: string; name_en: string }; time: string; at: string; can: { check_in: boolean } }[]
}
/** GET /api/complaints */
export interface ComplaintRow {
  id: number
  number: string
  window: string | null
  state: 'received' | 'working' | 'answered' | 'declined'
  /** rating: a bad rating that is followed up. review: a second look at an answer. message: without a number. */
  source: 'words' | 'rating' | 'review' | 'message'
  level: number | null
  reasons: string[]
  /** null once erased. */
  text: string | null
  /** Who served. */
  about: string | null
  /** It is about whoever looks. */
  mine: boolean
  /** Of a second look: whoever looks gave the first answer. */
  answered_first: boolean
  first: { source: 'words' | 'rating'; state: string; level: number | null; reasons: string[]; text: string | null; answer: string; answered_by: string | null } | null
  /** A way to be reached was left; whoever works on it may read it. */
  contact: boolean
  owner: string | null
  owner_name: string | null
  contact_due: string | null
  answer_due: string | null
  contacted_at: string | null
  extended: string
  extends_to: string
  late: boolean
  provisional: boolean
  answer: string
  made_at: string
  ended_at: string | null
}
/** GET /api/my/<link> */
export interface MyTicket {
  /** due: null once it has ended. */
  complaints?: { state: ComplaintRow['state']; due: string | null }[]
  ticket: {
    number: string
    state: TicketState
    service: { id: string; name: string; name_en: string } | string
    queue_name: string
    ahead: number | null
    estimate?: { state: Estimate['state']; rough: boolean; expected_at: string | null; by: string | null; moved: boolean } | null
    window: string | null
    calls: number
    /** So few are ahead that it is time to come back, or to set out. */
    near?: boolean
    /** Taken by phone; null for every other number. */
    remote?: { code: string; arrived_at: string | null; leave: boolean; present_by: string | null; back_until: string | null; absent: boolean; early_min: number } | null
    why?: ({ rule: string } & Both) | null
    windows: string[]
    taken_at: string
  }
  rating: { can: boolean; leg: number | null; given: number | null }
  day_state: DayState
  at: string
}
export interface Enrolled {
  key: string
  device: { id: string; kind: string; name: string; window: string | null; kiosk: string | null }
}
export interface Me {
  id: string
  name: string
  /** As a passport writes it; '' when nobody said. */
  name_en: string
  role: string
  title: string
  window: string | null
}
export interface Session {
  me: Me
  csrf: string
}
