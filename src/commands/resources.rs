//! `gatepost resource …`

use serde_json::json;

use super::output;
use crate::app::Core;
use crate::cli::ResourceCommand;

pub fn run(core: &Core, command: &ResourceCommand) {
    let ResourceCommand::List(args) = command;
    let set = core.oauth.resources.current();
    if args.json {
        let rows: Vec<_> = set
            .all()
            .iter()
            .map(|r| {
                json!({ "id": r.id, "name": r.name, "url": r.uri, "default": r.is_default,
                        "scopes": r.scope_names().iter().collect::<Vec<_>>() })
            })
            .collect();
        output::json(&rows);
        return;
    }
    let rows: Vec<_> = set
        .all()
        .iter()
        .map(|r| vec![r.id.clone(), r.name.clone(), r.uri.clone(), r.scope_names().to_string()])
        .collect();
    output::table(&["ID", "NAME", "URL", "SCOPES"], &rows);
}
