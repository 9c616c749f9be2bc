"""The committed schema is the code's, and says what each field means."""

from pathlib import Path

from graphql import GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType

from isthmus_graphql.schema import build, sdl

COMMITTED = Path(__file__).parents[2] / "graphql" / "schema.graphql"


def test_the_committed_schema_is_the_codes() -> None:
    assert COMMITTED.read_text() == sdl(), "run: python -m isthmus_graphql > graphql/schema.graphql"


def test_every_type_field_and_argument_says_what_it_means() -> None:
    silent = []
    for name, kind in build().type_map.items():
        if name.startswith("__") or not isinstance(
            kind, GraphQLObjectType | GraphQLInputObjectType | GraphQLInterfaceType
        ):
            continue
        silent += [name] if not kind.description else []
        for field_name, field in kind.fields.items():
            silent += [f"{name}.{field_name}"] if not field.description else []
            for argument_name, argument in getattr(field, "args", {}).items():
                silent += [] if argument.description else [f"{name}.{field_name}({argument_name})"]
    assert silent == []


def test_every_mutation_takes_an_idempotency_key_and_answers_user_errors() -> None:
    mutations = build().mutation_type
    assert mutations is not None
    for name, field in mutations.fields.items():
        (argument,) = field.args.values()
        given = argument.type.of_type
        assert given.name == name[0].upper() + name[1:] + "Input"
        assert str(given.fields["idempotencyKey"].type) == "String!"
        assert str(field.type.fields["userErrors"].type) == "[UserError!]!"
