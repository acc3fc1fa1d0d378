// A small built-in bitmap font.
#pragma once

namespace embedmask::render::font {

/// Cells: 5x7 dots for letters and digits, two more rows below for descenders, one empty column
/// between characters.
inline constexpr int kWidth = 5;
inline constexpr int kHeight = 7;
inline constexpr int kDescent = 2;
inline constexpr int kAdvance = kWidth + 1;

/// Whether the dot at `column`, `row` (0 = top, up to kHeight + kDescent) of a character is set.
/// Dots outside the cell are clear; characters outside ASCII 32..126 are drawn as an empty frame.
bool dot(char character, int column, int row);

}  // namespace embedmask::render::font
