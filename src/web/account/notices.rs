//! Good news after a step, told on the page that follows: a code in its URL stands for a fixed sentence.

/// The sentence of a code; nothing for a code that nobody here wrote.
pub fn sentence(code: &str) -> Option<&'static str> {
    Some(match code {
        "identity-added" => "It is added: you can sign in with it from now on.",
        "identity-known" => "That account was added before.",
        "identity-removed" => "It is removed: it does not open your account any more.",
        "name" => "Your name is saved.",
        "disconnected" => "The app is disconnected.",
        "disconnected-all" => "Every app is disconnected.",
        "session" => "That sign-in has ended.",
        "sessions" => "Every other sign-in has ended.",
        "password-changed" => "Your new password is saved. Everywhere else you were signed out.",
        "passkey-added" => "Your passkey is added. You can sign in with it from now on.",
        "passkey-renamed" => "The passkey has its new name.",
        "passkey-removed" => "The passkey is removed.",
        "second-factor-off" => "The authenticator app is turned off, and the recovery codes are gone.",
        "password" => "Your new password is saved.",
        _ => return None,
    })
}
