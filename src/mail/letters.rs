//! What is written to people: one template and one subject each, plain text.
//!
//! A letter says what happened, when and where, and what to do if it was somebody else. It names no person: names
//! are strangers' text, and the address is on the envelope.

use askama::Template;

use crate::types::Plain;
use crate::types::urls::Issuer;

/// When, on what and from where something was done, in words.
#[derive(Clone, Debug)]
pub struct Occasion {
    pub when: String,
    /// The browser; nothing where it is not known.
    pub device: Option<String>,
    /// The network address; nothing where it is not known.
    pub place: Option<String>,
}

/// A letter to one person.
#[derive(Clone, Debug)]
pub enum Letter {
    /// Somebody, probably the person, asked for a new password. The path of the link, and its life in words.
    Reset { link: Plain<String>, life: &'static str },
    /// An administrator made an account, or a new link for it.
    ChoosePassword { link: Plain<String>, life: &'static str, is_new: bool },
    /// A sign-in on a browser that was never seen before.
    NewBrowser(Occasion),
    /// Something about the account changed.
    Notice(Notice, Occasion),
}

/// What changed about an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    PasswordChanged,
    PasskeyAdded,
    PasskeyRemoved,
    SecondFactorOn,
    SecondFactorOff,
    ProviderLinked,
    ProviderUnlinked,
    AddressChanged,
    AccountDeleted,
}

impl Notice {
    pub const ALL: [Self; 9] = [
        Self::PasswordChanged,
        Self::PasskeyAdded,
        Self::PasskeyRemoved,
        Self::SecondFactorOn,
        Self::SecondFactorOff,
        Self::ProviderLinked,
        Self::ProviderUnlinked,
        Self::AddressChanged,
        Self::AccountDeleted,
    ];

    const fn subject(self) -> &'static str {
        match self {
            Self::PasswordChanged => "Your password was changed",
            Self::PasskeyAdded => "A passkey was added to your account",
            Self::PasskeyRemoved => "A passkey was removed from your account",
            Self::SecondFactorOn => "A second step was turned on for your account",
            Self::SecondFactorOff => "The second step was turned off for your account",
            Self::ProviderLinked => "Another way to sign in was linked to your account",
            Self::ProviderUnlinked => "A way to sign in was unlinked from your account",
            Self::AddressChanged => "The e-mail address of your account was changed",
            Self::AccountDeleted => "Your account was deleted",
        }
    }

    const fn sentence(self) -> &'static str {
        match self {
            Self::PasswordChanged => {
                "The password of your account was changed. Every other sign-in has ended."
            }
            Self::PasskeyAdded => "A passkey was added to your account. Whoever has it can sign in.",
            Self::PasskeyRemoved => "A passkey was removed from your account. It does not work any more.",
            Self::SecondFactorOn => "Signing in to your account now also asks for a one-time code.",
            Self::SecondFactorOff => "Signing in to your account does not ask for a one-time code any more.",
            Self::ProviderLinked => "Your account can now also be entered with a login at another provider.",
            Self::ProviderUnlinked => "A login at another provider does not open your account any more.",
            Self::AddressChanged => {
                "An administrator changed the e-mail address of your account. Mail about it goes to the new address from now on."
            }
            Self::AccountDeleted => {
                "Your account was deleted, with everything that was stored with it. Apps you connected have no access any more."
            }
        }
    }

    const fn is_farewell(self) -> bool {
        matches!(self, Self::AccountDeleted)
    }
}

#[derive(Template)]
#[template(path = "mail/reset.txt", whitespace = "preserve")]
struct ResetText<'a> {
    name: &'a str,
    url: &'a str,
    link: &'a str,
    life: &'a str,
}

#[derive(Template)]
#[template(path = "mail/choose_password.txt", whitespace = "preserve")]
struct ChoosePasswordText<'a> {
    name: &'a str,
    url: &'a str,
    link: &'a str,
    life: &'a str,
    is_new: bool,
}

#[derive(Template)]
#[template(path = "mail/new_browser.txt", whitespace = "preserve")]
struct NewBrowserText<'a> {
    name: &'a str,
    url: &'a str,
    sessions: &'a str,
    occasion: &'a Occasion,
}

#[derive(Template)]
#[template(path = "mail/notice.txt", whitespace = "preserve")]
struct NoticeText<'a> {
    name: &'a str,
    url: &'a str,
    sentence: &'a str,
    account: &'a str,
    is_farewell: bool,
    occasion: &'a Occasion,
}

impl Letter {
    /// For the log.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Reset { .. } => "reset",
            Self::ChoosePassword { .. } => "choose_password",
            Self::NewBrowser(_) => "new_browser",
            Self::Notice(..) => "notice",
        }
    }

    /// Fixed words only.
    pub const fn subject(&self) -> &'static str {
        match self {
            Self::ChoosePassword { is_new: true, .. } => "Your new account",
            Self::Reset { .. } | Self::ChoosePassword { .. } => "Choose a new password",
            Self::NewBrowser(_) => "A new browser signed in to your account",
            Self::Notice(notice, _) => notice.subject(),
        }
    }

    /// The text, from a server of this name; every link begins with the public URL.
    pub fn body(&self, issuer: &Issuer, name: &str) -> askama::Result<String> {
        let url = issuer.as_str();
        match self {
            Self::Reset { link, life } => {
                ResetText { name, url, link: &issuer.at(link.expose()), life }.render()
            }
            Self::ChoosePassword { link, life, is_new } => {
                ChoosePasswordText { name, url, link: &issuer.at(link.expose()), life, is_new: *is_new }
                    .render()
            }
            Self::NewBrowser(occasion) => {
                NewBrowserText { name, url, sessions: &issuer.at("/account/sessions"), occasion }.render()
            }
            Self::Notice(notice, occasion) => NoticeText {
                name,
                url,
                sentence: notice.sentence(),
                account: &issuer.at("/account"),
                is_farewell: notice.is_farewell(),
                occasion,
            }
            .render(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn occasion() -> Occasion {
        Occasion {
            when: "1 March 2026, 09:30 UTC".into(),
            device: Some("Firefox on Linux".into()),
            place: Some("192.0.2.7".into()),
        }
    }

    fn letters() -> Vec<Letter> {
        let link = || Plain::new("/reset?token=lnk_sample".to_owned());
        let mut all = vec![
            Letter::Reset { link: link(), life: "an hour" },
            Letter::ChoosePassword { link: link(), life: "24 hours", is_new: true },
            Letter::ChoosePassword { link: link(), life: "24 hours", is_new: false },
            Letter::NewBrowser(occasion()),
        ];
        all.extend(Notice::ALL.map(|notice| Letter::Notice(notice, occasion())));
        all
    }

    #[test]
    fn letters_say_what_happened_and_link_only_here() {
        let issuer = Issuer::parse("https://auth.example.com").unwrap();
        for letter in letters() {
            let body = letter.body(&issuer, "Gatepost").unwrap();
            assert!(body.is_ascii() && letter.subject().is_ascii(), "{body}");
            assert!(body.lines().all(|line| line.len() <= 200), "{body}");
            for (at, _) in body.match_indices("http") {
                assert!(body[at..].starts_with("https://auth.example.com"), "{body}");
            }
            assert!(!format!("{letter:?}").contains("lnk_sample"), "links do not print");
        }
        insta::assert_snapshot!(Letter::NewBrowser(occasion()).body(&issuer, "Gatepost").unwrap());
        insta::assert_snapshot!(letters()[0].body(&issuer, "Gatepost").unwrap());
        insta::assert_snapshot!(letters()[1].body(&issuer, "Gatepost").unwrap());
        insta::assert_snapshot!(
            Letter::Notice(Notice::PasskeyAdded, occasion()).body(&issuer, "Gatepost").unwrap()
        );
        insta::assert_snapshot!(
            Letter::Notice(Notice::AccountDeleted, occasion()).body(&issuer, "Gatepost").unwrap()
        );
    }
}
