"""Every business "no": one class each, a stable code, and the facts a sentence needs.

The sentences (Chinese first, English beside) live in config/text under `refused.<code>`; a test keeps the two
in step. `status` is the HTTP status the doors answer with: 409 unless the thing is unknown, the caller may
not, or must wait.
"""

from __future__ import annotations

from typing import ClassVar


class Refusal(Exception):
    """Base of every "no". `facts` are JSON values that the sentence and the faces may show."""

    code: ClassVar[str] = ""
    status: ClassVar[int] = 409

    def __init__(self, **facts: object) -> None:
        super().__init__(self.code)
        self.facts = facts


def _refusal(name: str, code: str, doc: str, status: int = 409) -> type[Refusal]:
    return type(name, (Refusal,), {"code": code, "status": status, "__doc__": doc, "__module__": __name__})


# --- input and callers
InputInvalid = _refusal("InputInvalid", "input-invalid", "A field is missing, unknown or malformed.", 422)
NotFound = _refusal("NotFound", "not-found", "No such address or thing.", 404)
MethodWrong = _refusal("MethodWrong", "method-wrong", "This address does not take this method.", 405)
JsonNeeded = _refusal("JsonNeeded", "json-needed", "The body must be JSON.", 415)
BodyTooLarge = _refusal("BodyTooLarge", "body-too-large", "The body is over the limit.", 413)
RequestIdConflict = _refusal(
    "RequestIdConflict", "request-id-conflict", "The same request_id came with another body.", 422
)
SessionNeeded = _refusal("SessionNeeded", "session-needed", "Nobody is signed in, or no longer.", 401)
DeviceUnknown = _refusal("DeviceUnknown", "device-unknown", "The device key is unknown or revoked.", 401)
ActForbidden = _refusal("ActForbidden", "act-forbidden", "This caller has no right to this act.", 403)
CsrfMissing = _refusal("CsrfMissing", "csrf-missing", "The CSRF token is missing or wrong.", 403)
OriginForeign = _refusal("OriginForeign", "origin-foreign", "The request comes from a foreign page.", 403)
LoginFailed = _refusal("LoginFailed", "login-failed", "Unknown person or wrong password.", 401)
LoginLocked = _refusal("LoginLocked", "login-locked", "Too many wrong passwords; wait.", 429)
PasswordChangeNeeded = _refusal(
    "PasswordChangeNeeded", "password-change-needed", "A one-time password must be replaced first."
)
PasswordWeak = _refusal("PasswordWeak", "password-weak", "The new password is too short or too common.", 422)
SetupDone = _refusal("SetupDone", "setup-done", "The hall was set up already.")
CodeWrong = _refusal("CodeWrong", "code-wrong", "The one-time code is wrong, used or expired.", 403)
TooFast = _refusal("TooFast", "too-fast", "Too many tries in a short time.", 429)
StorageFailed = _refusal(
    "StorageFailed", "storage-failed", "The disk is full or failing: nothing was done.", 503
)
ServerFault = _refusal("ServerFault", "server-fault", "A fault of ours; `id` finds the log line.", 500)

# --- the day and taking a number
DayClosed = _refusal("DayClosed", "day-closed", "The hall is closed today, or the day has ended.")
DayUnserved = _refusal("DayUnserved", "day-unserved", "People with a number have not been served yet.")
DayReasonNeeded = _refusal(
    "DayReasonNeeded", "day-reason-needed", "Say why numbers are given again today.", 422
)
DayClosing = _refusal("DayClosing", "day-closing", "No new numbers: those who hold one are still served.")
HoursClosed = _refusal("HoursClosed", "hours-closed", "Outside the hours in which numbers are given.")
LunchClosed = _refusal("LunchClosed", "lunch-closed", "No window of this queue is staffed over lunch.")
DayOpenAlready = _refusal("DayOpenAlready", "day-open-already", "The business day is open already.")
ClockInsane = _refusal("ClockInsane", "clock-insane", "The clock is earlier than what was stored; confirm.")
ServiceUnknown = _refusal("ServiceUnknown", "service-unknown", "No such service in this hall.", 404)
KioskNoPaper = _refusal("KioskNoPaper", "kiosk-no-paper", "This kiosk has no paper and gives no numbers.")
ServiceByStaff = _refusal("ServiceByStaff", "service-by-staff", "This number is given by staff only.")
ServiceRepeated = _refusal("ServiceRepeated", "service-repeated", "The same service is named twice.")
PriorityUnknown = _refusal("PriorityUnknown", "priority-unknown", "No such priority class.", 404)
NumbersExhausted = _refusal(
    "NumbersExhausted", "numbers-exhausted", "All numbers of this queue are given out."
)
AppointmentOnly = _refusal("AppointmentOnly", "appointment-only", "Today only those with an appointment.")
QueueFull = _refusal("QueueFull", "queue-full", "All numbers of the day or of this half hour are given.")
QueueLong = _refusal("QueueLong", "queue-long", "Many people are ahead: does the citizen want to wait?")
ServiceTwice = _refusal("ServiceTwice", "service-twice", "This person had the same service today.")
PersonLimit = _refusal("PersonLimit", "person-limit", "This person holds or had as many numbers as allowed.")
PersonInvalid = _refusal("PersonInvalid", "person-invalid", "No such identity or phone number.", 422)
IdentityNeeded = _refusal("IdentityNeeded", "identity-needed", "This number is given by identity card only.")
CardExpired = _refusal("CardExpired", "card-expired", "The card was read too long ago, or elsewhere.")
BookingNone = _refusal("BookingNone", "booking-none", "Nothing is booked with this card for today.", 404)
RemoteOff = _refusal("RemoteOff", "remote-off", "This hall gives no numbers by phone.")
RemoteNot = _refusal("RemoteNot", "remote-not", "This number is given in the hall only.")
RemoteHours = _refusal("RemoteHours", "remote-hours", "Outside the hours of numbers by phone.")
RemoteFull = _refusal(
    "RemoteFull", "remote-full", "The numbers for phones are given; those in the hall are not."
)
RemoteLimit = _refusal("RemoteLimit", "remote-limit", "This phone holds or had as many numbers as allowed.")
PresenceWrong = _refusal(
    "PresenceWrong", "presence-wrong", "These are not the digits that the hall shows now."
)
ArrivedAlready = _refusal("ArrivedAlready", "arrived-already", "Its holder was here already.")
GuideOff = _refusal("GuideOff", "guide-off", "This hall prints no notices without a number.")
GuideEnough = _refusal(
    "GuideEnough", "guide-enough", "This kiosk has just printed several notices; wait.", 429
)
PaperLow = _refusal("PaperLow", "paper-low", "The paper that is left is for numbers.")
SlipCertain = _refusal("SlipCertain", "slip-certain", "Whether this slip was printed is known already.")
ReprintsSpent = _refusal("ReprintsSpent", "reprints-spent", "This slip was reprinted as often as allowed.")

NoPrinter = _refusal("NoPrinter", "no-printer", "No printer is declared there.")
MaterialUnknown = _refusal("MaterialUnknown", "material-unknown", "The service has no such material.", 422)
SlipsInvalid = _refusal(
    "SlipsInvalid", "slips-invalid", "The template has mistakes; `troubles` names them.", 422
)
SlipsUnknown = _refusal("SlipsUnknown", "slips-unknown", "No such template, version or picture.", 404)
SlipsStale = _refusal("SlipsStale", "slips-stale", "Another version was published.")
SlipsSame = _refusal("SlipsSame", "slips-same", "These templates change nothing.")
RecordingWrong = _refusal("RecordingWrong", "recording-wrong", "This is no recording of a clip.", 422)
UploadWrong = _refusal("UploadWrong", "upload-wrong", "This file cannot be used.", 422)
BrandStale = _refusal("BrandStale", "brand-stale", "Somebody published another look in the meantime.")
BrandWrong = _refusal("BrandWrong", "brand-wrong", "A colour is not readable, or a slogan too long.", 422)
LogoWrong = _refusal("LogoWrong", "logo-wrong", "The file is no logo that the faces can wear.", 422)
PictureWrong = _refusal("PictureWrong", "picture-wrong", "This is no picture for a slip.", 422)
PrinterNeeded = _refusal("PrinterNeeded", "printer-needed", "No kiosk printed it yet: which one shall?")
PrinterUnknown = _refusal("PrinterUnknown", "printer-unknown", "No kiosk of this name has a printer.", 404)

# --- tickets and windows
TicketUnknown = _refusal("TicketUnknown", "ticket-unknown", "No such ticket.", 404)
NumberLost = _refusal("NumberLost", "number-lost", "Given, and lost with a database that was restored.", 404)
MoveRefused = _refusal("MoveRefused", "move-refused", "The ticket's state does not allow this.")
WindowUnknown = _refusal("WindowUnknown", "window-unknown", "No such window.", 404)
WindowClosed = _refusal("WindowClosed", "window-closed", "The window is not open.")
WindowPaused = _refusal("WindowPaused", "window-paused", "The window is paused.")
WindowOpen = _refusal("WindowOpen", "window-open", "The window is open already.")
WindowBusy = _refusal("WindowBusy", "window-busy", "The window still has a ticket.")
WindowHolds = _refusal("WindowHolds", "window-holds", "Somebody is set aside at the window that closes.")
WindowLast = _refusal("WindowLast", "window-last", "People wait whom no other window could call any more.")
HeldElsewhere = _refusal("HeldElsewhere", "held-elsewhere", "Another window has set this number aside.")
WindowIdle = _refusal("WindowIdle", "window-idle", "The window has no ticket.")
WindowTaken = _refusal("WindowTaken", "window-taken", "Somebody else is signed in at this window.")
WindowForeign = _refusal("WindowForeign", "window-foreign", "You are not signed in at this window.", 403)
ClerkElsewhere = _refusal("ClerkElsewhere", "clerk-elsewhere", "You are signed in at another window.")
SkillMissing = _refusal("SkillMissing", "skill-missing", "You are not rostered for this window's queues.")
PauseReasonUnknown = _refusal("PauseReasonUnknown", "pause-reason-unknown", "No such pause reason.", 404)
OutcomeUnknown = _refusal("OutcomeUnknown", "outcome-unknown", "No such outcome.", 404)
RecallTooSoon = _refusal("RecallTooSoon", "recall-too-soon", "Wait a little before calling again.")
NoShowTooSoon = _refusal("NoShowTooSoon", "no-show-too-soon", "Give the citizen time to come.")
ReturnTooLate = _refusal("ReturnTooLate", "return-too-late", "The time to come back has passed.")
ReturnsSpent = _refusal("ReturnsSpent", "returns-spent", "This number came back as often as allowed.")
ComplaintUnknown = _refusal("ComplaintUnknown", "complaint-unknown", "No such complaint.", 404)
MessageUnknown = _refusal("MessageUnknown", "message-unknown", "No such message.", 404)
ComplaintOpen = _refusal(
    "ComplaintOpen", "complaint-open", "Another one of this ticket waits for its answer."
)
ComplaintsSpent = _refusal(
    "ComplaintsSpent", "complaints-spent", "This ticket complained as often as it may."
)
ComplaintStateWrong = _refusal(
    "ComplaintStateWrong", "complaint-state-wrong", "The complaint's state does not allow this."
)
ComplaintOwnerWrong = _refusal(
    "ComplaintOwnerWrong", "complaint-owner-wrong", "This person may not handle this complaint."
)
ReviewSpent = _refusal("ReviewSpent", "review-spent", "A second look was asked for already.")
ReviewLate = _refusal("ReviewLate", "review-late", "The time to ask for a second look is over.")
ComplaintExtended = _refusal(
    "ComplaintExtended", "complaint-extended", "The limit was extended already, or has passed."
)
PostponesSpent = _refusal("PostponesSpent", "postpones-spent", "This number let others go first already.")
PostponeNeedless = _refusal("PostponeNeedless", "postpone-needless", "Nobody waits behind this number.")
TargetWrong = _refusal("TargetWrong", "target-wrong", "A ticket cannot be transferred there.")
PlacementUnknown = _refusal("PlacementUnknown", "placement-unknown", "The placement names what nobody knows.")
PlacementStale = _refusal("PlacementStale", "placement-stale", "Another version was published.")
PlacementSame = _refusal("PlacementSame", "placement-same", "This placement changes nothing.")
ConfigUnknown = _refusal("ConfigUnknown", "config-unknown", "No such area or version of the settings.", 404)
ConfigInvalid = _refusal(
    "ConfigInvalid", "config-invalid", "The settings have mistakes; `troubles` names them all.", 422
)
ConfigStale = _refusal("ConfigStale", "config-stale", "Somebody else published this area meanwhile.")
ConfigDraftStale = _refusal(
    "ConfigDraftStale", "config-draft-stale", "Somebody else saved the draft meanwhile."
)
ConfigSame = _refusal("ConfigSame", "config-same", "This changes nothing.")
ConfigForeign = _refusal("ConfigForeign", "config-foreign", "This area is somebody else's to change.", 403)
ConfigWaits = _refusal("ConfigWaits", "config-waits", "A version of the hall waits for its day.")
ServiceClosed = _refusal("ServiceClosed", "service-closed", "No numbers are given for this service now.")
QueuePrefixWrong = _refusal("QueuePrefixWrong", "queue-prefix-wrong", "A new queue needs a free letter.")
QueueUnserved = _refusal("QueueUnserved", "queue-unserved", "No window would take this queue.")
MandateMissing = _refusal(
    "MandateMissing", "mandate-missing", "The department gave no mandate for comprehensive windows."
)
WindowOut = _refusal("WindowOut", "window-out", "This window is out of use.")
WindowTidal = _refusal("WindowTidal", "window-tidal", "This tidal window opens when the duty leader agrees.")
PersonAway = _refusal("PersonAway", "person-away", "That person is not signed in at another window.")
ServiceSingle = _refusal("ServiceSingle", "service-single", "This hall gives one service per ticket.")
ChoiceReasonUnknown = _refusal("ChoiceReasonUnknown", "choice-reason-unknown", "No such reason.", 404)
NumberNotWaiting = _refusal("NumberNotWaiting", "number-not-waiting", "No such number waits for this window.")
UndoNothing = _refusal("UndoNothing", "undo-nothing", "There is nothing of yours to take back here.")
UndoTooLate = _refusal("UndoTooLate", "undo-too-late", "The seconds for taking it back have passed.")
UndoRated = _refusal("UndoRated", "undo-rated", "The citizen has rated this visit: it stays finished.")
CorrectionLate = _refusal("CorrectionLate", "correction-late", "Only a visit of today can be corrected.")
EmergencyClosed = _refusal("EmergencyClosed", "emergency-closed", "This emergency is closed.")

# --- machines
HostAway = _refusal("HostAway", "host-away", "The device host is not there or does not answer.", 503)
HostBusy = _refusal("HostBusy", "host-busy", "The device host is at it already, or the port is in use.")
HostDoubled = _refusal("HostDoubled", "host-doubled", "Another device host that is there has this machine.")
AddressFixed = _refusal(
    "AddressFixed", "address-fixed", "No command for another address is known in this machine's protocol."
)
DeclarationWrong = _refusal(
    "DeclarationWrong",
    "declaration-wrong",
    "The device list would have mistakes; it was left as it was.",
    422,
)
# --- leave
LeaveUnknown = _refusal("LeaveUnknown", "leave-unknown", "No such leave.", 404)
LeaveInvalid = _refusal("LeaveInvalid", "leave-invalid", "A leave ends after it begins, in the future.", 422)
LeaveOverlap = _refusal("LeaveOverlap", "leave-overlap", "This person has a leave in that time.")
LeaveUncovered = _refusal("LeaveUncovered", "leave-uncovered", "Nobody else of the post would be there.")
LeaveOwn = _refusal("LeaveOwn", "leave-own", "Nobody decides about their own leave.", 403)
LeaveStateWrong = _refusal("LeaveStateWrong", "leave-state-wrong", "The leave's state does not allow this.")
PersonOnLeave = _refusal("PersonOnLeave", "person-on-leave", "Close your leave before you take a window.")

# --- orders: home visits, assisted handling, batches
OrderUnknown = _refusal("OrderUnknown", "order-unknown", "No such order.", 404)
OrderStateWrong = _refusal("OrderStateWrong", "order-state-wrong", "The order's state does not allow this.")
OrderForeign = _refusal("OrderForeign", "order-foreign", "You are not in the team of this order.", 403)
OrderKindWrong = _refusal("OrderKindWrong", "order-kind-wrong", "This kind of order knows no such step.")
TeamWrong = _refusal("TeamWrong", "team-wrong", "A team is people of the hall who are not on leave then.")
TimePassed = _refusal("TimePassed", "time-passed", "The agreed time must lie ahead.")
BatchOverlap = _refusal("BatchOverlap", "batch-overlap", "Another batch has this window at that time.")
ContactNeeded = _refusal("ContactNeeded", "contact-needed", "A visit needs a name and an address.", 422)
ContactErased = _refusal("ContactErased", "contact-erased", "Who it was has been erased on schedule.")
MandateNeeded = _refusal("MandateNeeded", "mandate-needed", "The client's written authority comes first.")

# --- guides: a hand in the hall, enquiries
AidUnknown = _refusal("AidUnknown", "aid-unknown", "No such call for a hand.", 404)
AidTaken = _refusal("AidTaken", "aid-taken", "Somebody else helps there already.")
AidStateWrong = _refusal("AidStateWrong", "aid-state-wrong", "The state of this help does not allow this.")
AidKindUnknown = _refusal("AidKindUnknown", "aid-kind-unknown", "No such kind of help.", 404)
PlaceUnknown = _refusal("PlaceUnknown", "place-unknown", "No such place in the hall.", 404)
EnquiryKindUnknown = _refusal("EnquiryKindUnknown", "enquiry-kind-unknown", "No such kind of enquiry.", 404)
EnquiryUnknown = _refusal("EnquiryUnknown", "enquiry-unknown", "No such enquiry.", 404)
ClassReasonNeeded = _refusal(
    "ClassReasonNeeded", "class-reason-needed", "Staff say why they give this class.", 422
)

# --- kiosk upkeep
PinUnset = _refusal("PinUnset", "pin-unset", "The manager has set no PIN for the kiosks yet.")
PinWrong = _refusal("PinWrong", "pin-wrong", "This is not the PIN.", 403)
PinLocked = _refusal("PinLocked", "pin-locked", "Too many wrong PINs at this kiosk.", 429)
PinWeak = _refusal("PinWeak", "pin-weak", "Six to twelve digits, not all the same and no run.", 422)
UpkeepOver = _refusal("UpkeepOver", "upkeep-over", "The PIN has to be entered again.", 403)

# --- ratings
RatingNotAsked = _refusal("RatingNotAsked", "rating-not-asked", "There is no finished visit to rate.")
RatingGivenAlready = _refusal("RatingGivenAlready", "rating-given-already", "This visit was rated already.")
RatingTooLate = _refusal("RatingTooLate", "rating-too-late", "The time to rate has passed.")
KeyTooLate = _refusal("KeyTooLate", "key-too-late", "A key press was told too long after it was made.")
ReasonNeeded = _refusal("ReasonNeeded", "reason-needed", "A bad rating needs a reason or some words.", 422)
ReasonForeign = _refusal("ReasonForeign", "reason-foreign", "This reason does not belong to this level.", 422)

# --- appointments
ServiceNotBookable = _refusal(
    "ServiceNotBookable", "service-not-bookable", "No appointments for this service."
)
SlotUnknown = _refusal("SlotUnknown", "slot-unknown", "No appointments at this time.", 404)
SlotFull = _refusal("SlotFull", "slot-full", "All places of this time are taken.")
SlotFree = _refusal("SlotFree", "slot-free", "There still is a place: book it instead of waiting.")
BookingUnknown = _refusal("BookingUnknown", "booking-unknown", "No such appointment.", 404)
BookingState = _refusal("BookingState", "booking-state", "The appointment's state does not allow this.")
BookingTooLate = _refusal("BookingTooLate", "booking-too-late", "Too late to cancel or move.")
BookingLimit = _refusal("BookingLimit", "booking-limit", "This person has as many appointments as allowed.")
BookingBanned = _refusal("BookingBanned", "booking-banned", "Missed too many; not before `until`.")
CheckInEarly = _refusal("CheckInEarly", "check-in-early", "Too early to check in.")
BookingReasonNeeded = _refusal(
    "BookingReasonNeeded", "booking-reason-needed", "Say why, for whoever booked.", 422
)
CheckInOtherDay = _refusal("CheckInOtherDay", "check-in-other-day", "The appointment is on another day.")
CheckedInAlready = _refusal("CheckedInAlready", "checked-in-already", "Checked in already; see the number.")

ALL: tuple[type[Refusal], ...] = tuple(
    value
    for value in list(globals().values())
    if isinstance(value, type) and issubclass(value, Refusal) and value.code
)
