"""`figment completion SHELL`: the script that has a shell complete commands, options, and what they take."""

import click

from figment.cli.app import ASKED


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script that completes figment's commands in SHELL when Tab is pressed.

    \b
    Have it loaded by each new shell:
      bash   echo 'eval "$(figment completion bash)"' >> ~/.bashrc
      zsh    echo 'eval "$(figment completion zsh)"' >> ~/.zshrc    (behind compinit)
      fish   figment completion fish > ~/.config/fish/completions/figment.fish

    figment has to be on the PATH there, as in an activated environment.
    """
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None  # click has all three
    click.echo(kind(context.find_root().command, {}, "figment", ASKED).source())
