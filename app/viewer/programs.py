"""Shader texts to programs; a text that the driver refuses becomes one line."""

from __future__ import annotations

from dataclasses import dataclass

import moderngl

from engine.errors import ViewerError
from shaders import ShaderText, load_shader


def compile_program(context: moderngl.Context, name: str) -> moderngl.Program:
    """The effect shaders/<name>.glsl."""
    return program_from_text(context, load_shader(name))


def program_from_text(context: moderngl.Context, text: ShaderText) -> moderngl.Program:
    try:
        return context.program(vertex_shader=text.vertex, fragment_shader=text.fragment)
    except moderngl.Error as error:
        raise ViewerError(
            f"Shader {text.name}.glsl does not compile: {_complaint(str(error))}. "
            "Update the graphics driver; OpenGL 3.3 is needed."
        ) from error


@dataclass(frozen=True, slots=True)
class Attribute:
    """One field of a vertex: its name in the shaders, moderngl's format, its bytes."""

    name: str
    format: str
    size: int


def vertex_content(
    program: moderngl.Program, buffer: moderngl.Buffer, fields: tuple[Attribute, ...]
) -> tuple[object, ...]:
    """What a vertex array takes: the fields that the program uses, the others skipped."""
    layout = [field.format if field.name in program else f"{field.size}x" for field in fields]
    names = [field.name for field in fields if field.name in program]
    return (buffer, " ".join(layout), *names)


def _complaint(log: str) -> str:
    """The driver's own line: the first that speaks of an error, else the last that says anything.

    moderngl puts a heading with rules of = round the driver's log.
    """
    lines = [line.strip() for line in log.splitlines() if line.strip(" =-\t")]
    return next((line for line in lines[1:] if "error" in line.lower()), lines[-1])
