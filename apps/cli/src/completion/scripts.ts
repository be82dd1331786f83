/** What makes a shell ask `horde complete` for the words that can follow, by the shell's name. Without any it offers files. */
export const scripts = {
  bash: `_horde() {
  local IFS=$'\\n'
  COMPREPLY=($("$1" complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _horde horde ./horde
`,
  zsh: `(( $+functions[compdef] )) || { autoload -Uz compinit && compinit; }
_horde() {
  local -a found
  found=("\${(@f)$(\${~words[1]} complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  [[ -n "$found" ]] && compadd -- $found || _files
}
compdef _horde horde
`,
  fish: `function __horde_complete
  set -l words (commandline -opc)
  set -l found ($words[1] complete -- $words[2..-1] (commandline -ct) 2>/dev/null)
  test -n "$found[1]"; and printf '%s\\n' $found; or __fish_complete_path (commandline -ct)
end
complete -c horde -f -a '(__horde_complete)'
`,
} as const;

export type Shell = keyof typeof scripts;
