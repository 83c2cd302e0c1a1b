//! What a person reads when a login at a provider leads nowhere: what happened, and what to do.

use actix_web::http::StatusCode;

use crate::accounts::ceremony::CeremonyError;
use crate::accounts::upstream::{Failure, Fault, Refusal};

/// One page's words.
pub struct Words {
    pub status: StatusCode,
    pub title: String,
    pub sentence: String,
    pub next: String,
    /// Whether somebody may need to look it up.
    pub with_reference: bool,
}

fn words(status: StatusCode, title: String, sentence: String, next: &str) -> Words {
    Words { status, title, sentence, next: next.to_owned(), with_reference: true }
}

/// The words for a failure at the provider called `label`.
pub fn of(failure: &Failure, label: &str) -> Words {
    match failure {
        Failure::Refused(refusal, email) => refused(*refusal, email.as_deref(), label),
        Failure::Fault(fault) => of_provider(fault, label),
        Failure::Cancelled => Words {
            with_reference: false,
            ..words(
                StatusCode::OK,
                format!("You cancelled at {label}"),
                "Nothing was changed, and nobody is signed in.".to_owned(),
                "Sign in another way, or try again.",
            )
        },
        Failure::ProviderSaid(said) => words(
            StatusCode::BAD_GATEWAY,
            format!("{label} did not sign you in"),
            format!("It answered: {said}."),
            "Try again. If it happens once more, give the reference below to whoever runs this server.",
        ),
        Failure::NotFresh => words(
            StatusCode::FORBIDDEN,
            format!("{label} did not ask you again"),
            format!("You were to sign in once more, and {label} let you through with a login from before."),
            &format!("Sign out at {label} and try again, or sign in another way."),
        ),
        Failure::WrongProvider | Failure::WrongIssuer => words(
            StatusCode::BAD_REQUEST,
            "This answer came from somewhere else".to_owned(),
            format!("You set out for {label}, and the answer is another provider's, so it was not believed."),
            "Start again from the sign-in page. If you did not do this yourself, tell whoever runs this server.",
        ),
        Failure::NotSignedIn => words(
            StatusCode::FORBIDDEN,
            "You are not signed in any more".to_owned(),
            format!("{label} is added to the account that is signed in, and that has changed meanwhile."),
            "Sign in to your account, then add it again.",
        ),
        Failure::Answered => Words {
            with_reference: false,
            ..words(
                StatusCode::GONE,
                "This was answered already".to_owned(),
                format!("Each answer of {label} works once, and this one was used."),
                "Sign in again if you need to.",
            )
        },
        Failure::Ceremony(error) => of_ceremony(error),
        Failure::UnknownProvider | Failure::DeadInvitation | Failure::Store(_) => words(
            StatusCode::BAD_REQUEST,
            "This cannot go on".to_owned(),
            "The visit has ended.".to_owned(),
            "Start again from the sign-in page.",
        ),
    }
}

fn of_ceremony(error: &CeremonyError) -> Words {
    let (status, title, sentence) = match error {
        CeremonyError::OtherBrowser => (
            StatusCode::FORBIDDEN,
            "This was started in another browser",
            "A login has to end in the browser it began in, with cookies switched on.",
        ),
        CeremonyError::Expired => {
            (StatusCode::GONE, "This took too long", "A login has to come back within ten minutes.")
        }
        CeremonyError::Unknown | CeremonyError::Spent | CeremonyError::Store(_) => (
            StatusCode::BAD_REQUEST,
            "This login is not known here",
            "The address you came back to belongs to no login that was started here.",
        ),
    };
    words(status, title.to_owned(), sentence.to_owned(), "Start again from the sign-in page.")
}

fn of_provider(fault: &Fault, label: &str) -> Words {
    if fault.is_outage() {
        return words(
            StatusCode::SERVICE_UNAVAILABLE,
            format!("{label} cannot be reached right now"),
            "This server asked it and got no usable answer.".to_owned(),
            "Try again in a moment, or sign in another way.",
        );
    }
    let (title, sentence) = match fault {
        Fault::IdToken { .. } => (
            format!("The answer of {label} cannot be believed"),
            "It failed a check that keeps others from signing in as you.".to_owned(),
        ),
        _ => (
            format!("{label} does not answer as it should"),
            "Signing in there and here do not fit together. That is a matter of how they are set up."
                .to_owned(),
        ),
    };
    words(
        StatusCode::BAD_GATEWAY,
        title,
        sentence,
        "Try again. If it happens once more, give the reference below to whoever runs this server.",
    )
}

fn refused(refusal: Refusal, email: Option<&str>, label: &str) -> Words {
    let address = email.unwrap_or("Your address");
    let (title, sentence, next) = match refusal {
        Refusal::DisabledPerson => (
            "This account is disabled".to_owned(),
            "You cannot sign in with it at present.".to_owned(),
            "Ask whoever runs this server to enable it.".to_owned(),
        ),
        Refusal::IdentityTaken => (
            format!("That {label} account is somebody's already"),
            format!("It opens another account here, and one {label} account opens only one."),
            format!("Choose another account at {label}, or sign in here with the one it opens."),
        ),
        Refusal::AddressRecycled => (
            format!("Another {label} account opens this account"),
            format!(
                "{address} has an account here, linked to a different {label} account. Addresses can change hands, so it stays closed."
            ),
            format!(
                "If it is yours, sign in with the other {label} account or the way you usually do. Otherwise ask whoever runs this server."
            ),
        ),
        Refusal::AddressTaken => (
            "You have an account here already".to_owned(),
            format!("{address} has an account here, and it is not linked to {label} yet."),
            format!(
                "Sign in the way you usually do, then add {label} under Account. If you were invited and have not signed in yet, open the link of the invitation."
            ),
        ),
        Refusal::AddressMissing => (
            format!("{label} told no e-mail address"),
            "Without one you cannot have an account here.".to_owned(),
            format!("Let {label} share your address, or ask whoever runs this server."),
        ),
        Refusal::AddressNotVerified => (
            "Your e-mail address is not verified".to_owned(),
            format!("{label} has not made sure that {address} is yours."),
            format!(
                "Verify the address at {label}, then try again. If you have an account here, sign in the usual way and add {label} under Account."
            ),
        ),
        Refusal::NotInvited => (
            "You have no account here".to_owned(),
            format!("{address} was not invited."),
            "Ask whoever runs this server to invite you.".to_owned(),
        ),
        Refusal::DomainNotAdmitted => (
            "Your address is not admitted here".to_owned(),
            format!("Accounts here are for people of certain domains, and {address} is not of one."),
            format!("Choose another account at {label}, or ask whoever runs this server."),
        ),
    };
    words(StatusCode::FORBIDDEN, title, sentence, &next)
}
