//! Hostile URLs: what is refused before a name is looked up.

use proptest::prelude::*;

use crate::fetch::target::Target;
use crate::fetch::{Fault, Reach};

fn judge(reach: Reach, url: &str) -> Result<(), Fault> {
    Target::parse(url, reach).map(|_| ())
}

#[test]
fn the_table_of_urls() {
    let bad = |why| Err(Fault::BadUrl(why));
    let special = || Err(Fault::SpecialAddress);
    for (url, public, development) in [
        ("https://client.example/meta.json", Ok(()), Ok(())),
        ("https://client.example:8443/meta.json?v=1", Ok(()), Ok(())),
        ("https://8.8.8.8/meta.json", Ok(()), Ok(())),
        ("https://[2606:4700::1111]/meta.json", Ok(()), Ok(())),
        ("https://localhost/x", special(), Ok(())),
        ("https://LOCALHOST/x", special(), Ok(())),
        ("https://app.localhost/x", special(), special()),
        ("https://127.0.0.1/x", special(), Ok(())),
        ("https://[::1]/x", special(), Ok(())),
        ("http://127.0.0.1:8080/x", bad("it is not https"), Ok(())),
        ("http://localhost:8080/x", bad("it is not https"), Ok(())),
        ("http://[::1]:8080/x", bad("it is not https"), Ok(())),
        ("http://client.example/x", bad("it is not https"), bad("it is not https")),
        ("http://10.0.0.1/x", bad("it is not https"), bad("it is not https")),
        ("https://10.0.0.1/x", special(), special()),
        ("https://169.254.169.254/latest/meta-data", special(), special()),
        ("file:///etc/passwd", bad("it is not https"), bad("it is not https")),
        ("gopher://client.example/x", bad("it is not https"), bad("it is not https")),
        ("data:application/json,{}", bad("it is not https"), bad("it is not https")),
        ("client.example/x", bad("it is not an absolute URL"), bad("it is not an absolute URL")),
        ("https://", bad("it is not an absolute URL"), bad("it is not an absolute URL")),
        ("", bad("it is not an absolute URL"), bad("it is not an absolute URL")),
        (
            "https://u@client.example/x",
            bad("it has a user name or a password"),
            bad("it has a user name or a password"),
        ),
        (
            "https://client.example:p@127.0.0.1/x",
            bad("it has a user name or a password"),
            bad("it has a user name or a password"),
        ),
        ("https://client.example/x#y", bad("it has a fragment"), bad("it has a fragment")),
        ("https://client.example./x", bad("its host ends with a dot"), bad("its host ends with a dot")),
        ("https://localhost./x", bad("its host ends with a dot"), bad("its host ends with a dot")),
    ] {
        assert_eq!(judge(Reach::Public, url), public, "public: {url}");
        assert_eq!(judge(Reach::Development, url), development, "development: {url}");
    }
    let long = format!("https://client.example/{}", "x".repeat(2048));
    assert_eq!(judge(Reach::Public, &long), bad("it is too long"));
}

#[test]
fn no_spelling_hides_an_address() {
    for url in [
        "https://2130706433/x",
        "https://0x7f000001/x",
        "https://0x7f.1/x",
        "https://017700000001/x",
        "https://0177.0.0.1/x",
        "https://127.1/x",
        "https://127.0.0.1./x",
        "https://0/x",
        "https://0.0.0.0/x",
        "https://①②⑦.0.0.1/x",
        "https://127。0。0。1/x",
        "https://%31%32%37.0.0.1/x",
        "https:\\\\127.0.0.1\\x",
        "https:127.0.0.1/x",
        "https://127.0.0.1\t/x",
        "https://[::ffff:127.0.0.1]/x",
        "https://[::ffff:7f00:1]/x",
        "https://[::127.0.0.1]/x",
        "https://[0:0:0:0:0:0:0:1]/x",
        "https://[::]/x",
        "https://[64:ff9b::7f00:1]/x",
        "https://[64:ff9b:1::a00:1]/x",
        "https://[2002:7f00:1::]/x",
        "https://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/x",
        "https://[fe80::1]/x",
        "https://[fc00::1]/x",
        "https://0xa9fea9fe/x",
        "https://ⓛocalhost/x",
    ] {
        assert_eq!(judge(Reach::Public, url), Err(Fault::SpecialAddress), "{url}");
    }
    // No URLs at all.
    for url in [
        "https://[fe80::1%25eth0]/x",
        "https://[fe80::1%eth0]/x",
        "https://256.1.1.1/x",
        "https://1.2.3.4.5/x",
    ] {
        assert!(matches!(judge(Reach::Public, url), Err(Fault::BadUrl(_))), "{url}");
    }
}

proptest! {
    #[test]
    fn nothing_but_https_to_a_public_place_gets_through(text in "\\PC{0,60}", host in "[0-9a-fx.:\\[\\]]{1,24}") {
        for url in [text.clone(), format!("https://{text}"), format!("https://{host}/x")] {
            if let Ok(target) = Target::parse(&url, Reach::Public) {
                prop_assert_eq!(target.url.scheme(), "https");
                let is_fine = match target.url.host() {
                    Some(url::Host::Domain(name)) => !name.ends_with('.') && name != "localhost",
                    Some(url::Host::Ipv4(v4)) => crate::fetch::is_public(v4.into()),
                    Some(url::Host::Ipv6(v6)) => crate::fetch::is_public(v6.into()),
                    None => false,
                };
                prop_assert!(is_fine, "{}", url);
            }
        }
    }
}
