//! Reasons that only devices without a browser, and requests sent ahead of the browser, meet, in words.

const AGAIN: &str = "Start again on the device.";
const APP: &str = "Start the connection again from the app.";

/// Why something was refused, and what to do about it.
pub fn why(reason: &str) -> Option<(&'static str, &'static str)> {
    Some(match reason {
        "awaited_person" => {
            ("Nobody has decided about the device yet.", "Enter the code that the device shows.")
        }
        "polled_too_soon" => (
            "The device asked more often than it may.",
            "Nothing needs to be done: it was told to wait longer.",
        ),
        "too_many_waiting" => (
            "More devices waited for somebody to decide than may.",
            "Try again in some minutes. If it goes on, see in the trail who asks so often.",
        ),
        "wrong_user_code" => (
            "Somebody entered a code that no device waits with: mistyped, expired, or guessed.",
            "They compare it with what the device shows. If there are many, see who enters them.",
        ),
        "unknown_device_code" => ("The device showed a code that was never issued, or is gone.", AGAIN),
        "expired_device_code" => ("Nobody decided in time, or the device came too late.", AGAIN),
        "replayed_device_code" => (
            "A device code was used twice, so whoever used it first may not be the device. What it gave was ended.",
            "Start again on the device. If it happens each time, the device sends its request twice.",
        ),
        "foreign_device_code" => (
            "The app showed a device code that was issued to another.",
            "This is a fault of the app: report it to its maker, with the reason.",
        ),
        "not_pushed" => (
            "The app must send its requests ahead of the browser, and did not.",
            "Use an app that can (RFC 9126), or set par.required to false.",
        ),
        "too_many_pushed" => (
            "More requests that were sent ahead waited for a browser than may.",
            "Try again in some minutes. If it goes on, see in the trail who sends so many.",
        ),
        "unknown_pushed_request" => {
            ("The browser named a request that was never sent ahead, or is gone.", APP)
        }
        "expired_pushed_request" => (
            "The browser came too late with a request that was sent ahead, or the person took too long.",
            APP,
        ),
        "spent_pushed_request" => {
            ("A request that was sent ahead had been decided before: it is good for one decision.", APP)
        }
        "foreign_pushed_request" => (
            "The browser named a request that another app had sent ahead.",
            "This is a fault of the app: report it to its maker, with the reason.",
        ),
        _ => return None,
    })
}
