//! What can be typed, and what cannot.

use super::*;
use clap::CommandFactory;
use clap::error::ErrorKind;

fn parse(line: &str) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(line.split_whitespace())
}

#[test]
fn the_definition_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn no_command_serves() {
    assert!(matches!(parse("gatepost").unwrap().into_command(), Command::Serve(_)));
}

#[test]
fn config_is_accepted_before_and_after_the_command() {
    for line in ["gatepost --config a.toml user list", "gatepost user list --config a.toml --json"] {
        assert_eq!(parse(line).unwrap().config, Some("a.toml".into()), "{line}");
    }
}

#[test]
fn serve_flags_become_overrides() {
    let cli = parse(
        "gatepost serve --bind 127.0.0.1:1,[::1]:1 --bind 127.0.0.1:2 --public-url https://a.example \
         --database-url sqlite:x.db --no-migrate",
    )
    .unwrap();
    let said: Vec<_> = cli.overrides().into_iter().map(|o| (o.key, o.flag, o.value)).collect();
    assert_eq!(
        said,
        [
            ("bind", "--bind", "127.0.0.1:1,[::1]:1,127.0.0.1:2".to_owned()),
            ("public_url", "--public-url", "https://a.example".to_owned()),
            ("database.url", "--database-url", "sqlite:x.db".to_owned()),
            ("database.migrate", "--no-migrate", "false".to_owned()),
        ]
    );
    assert!(parse("gatepost serve").unwrap().overrides().is_empty());
    for o in cli.overrides() {
        assert!(crate::config::keys().any(|key| key.path == o.key), "{} is no setting", o.key);
    }
}

#[test]
fn commands_take_what_they_promise() {
    for line in [
        "gatepost migrate",
        "gatepost issuer list --json",
        "gatepost issuer add --kind workload --name Jobs --issuer https://jobs.example --jwks-uri https://jobs.example/k --alg ES256 --reusable",
        "gatepost issuer add --kind enterprise --name Acme --issuer https://id.example --domain example.com --vouches --admit --client cli_1 --scope a --json",
        "gatepost issuer rule iss_1 --when sub=a --when b=c --machine cli_1 --resource res_1 --scope a",
        "gatepost issuer remove iss_1 --yes",
        "gatepost user create --email a@b.example --name Ann --admin --password-stdin",
        "gatepost user disable usr_1",
        "gatepost user enable a@b.example",
        "gatepost user reset-link a@b.example",
        "gatepost user reset-link a@b.example --print-link",
        "gatepost user delete a@b.example --yes",
        "gatepost user clear-second-factor a@b.example",
        "gatepost client create --name X --redirect-uri https://a.example/1 --redirect-uri https://a.example/2 --auth-method client_secret_post --json",
        "gatepost client create --name X --machine --scope a --scope b --token-seconds 60",
        "gatepost client list --json",
        "gatepost client delete cli_1 --yes --json",
        "gatepost client secret add cli_1 --days 90 --json",
        "gatepost client secret list cli_1",
        "gatepost client secret revoke cli_1 sec_1 --in-24-hours --last --json",
        "gatepost client revoke cli_1",
        "gatepost resource list --json",
        "gatepost resource add --name Notes --url https://notes.example/mcp --json",
        "gatepost resource remove res_1 --yes --json",
        "gatepost keys list",
        "gatepost keys rotate --alg EdDSA --activate-now",
        "gatepost keys retire key_1",
        "gatepost check-config --json",
    ] {
        assert!(parse(line).is_ok(), "{line}");
    }
}

#[test]
fn a_client_needs_a_redirect_uri_and_is_public_unless_said_otherwise() {
    let Command::Client(ClientCommand::Create(args)) =
        parse("gatepost client create --name App --redirect-uri https://a.example/cb")
            .unwrap()
            .into_command()
    else {
        panic!("not client create");
    };
    assert_eq!(args.auth_method, None);
    assert!(parse("gatepost client create --name X --machine --redirect-uri https://a.example/").is_err());
    let error = parse("gatepost client create --name X").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::MissingRequiredArgument);
}

#[test]
fn mistakes_exit_with_2_and_help_with_0() {
    for line in [
        "gatepost frobnicate",
        "gatepost serve --port x",
        "gatepost user",
        "gatepost keys rotate --alg HS256",
    ] {
        assert_eq!(parse(line).unwrap_err().exit_code(), i32::from(EXIT_USAGE), "{line}");
    }
    assert_eq!(parse("gatepost serve --help").unwrap_err().exit_code(), 0);
    assert_eq!(parse("gatepost --version").unwrap_err().exit_code(), 0);
}

#[test]
fn every_command_has_a_sentence_and_an_example() {
    fn check(command: &clap::Command) {
        let name = command.get_name();
        assert!(command.get_about().is_some(), "{name} has no sentence");
        let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        assert!(after.contains("Example:\n  ") && after.contains("gatepost"), "{name} has no example");
        for inner in command.get_subcommands() {
            check(inner);
        }
        for argument in command.get_arguments() {
            assert!(argument.get_help().is_some(), "{name} {} has no help", argument.get_id());
        }
    }
    check(&Cli::command());
}

#[test]
fn every_example_parses() {
    fn examples(command: &clap::Command, out: &mut Vec<String>) {
        let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        out.extend(after.lines().filter_map(|l| l.find("gatepost").map(|at| l[at..].to_owned())));
        for inner in command.get_subcommands() {
            examples(inner, out);
        }
    }
    let mut lines = Vec::new();
    examples(&Cli::command(), &mut lines);
    for line in lines {
        // Skip what stands before the program's own name, and the spaces inside quotes.
        let line = line
            .replace("'Night job'", "Night-job")
            .replace("'notes:read=Read notes'", "notes:read=Read")
            .replace("'GitHub Actions'", "GitHub-Actions")
            .replace("'repository = acme/deploy'", "repository=acme/deploy");
        let line = line.strip_prefix("gatepost@db/gatepost ").unwrap_or(&line);
        assert!(parse(line).is_ok(), "{line}");
    }
}
