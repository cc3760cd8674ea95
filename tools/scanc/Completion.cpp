//===- Completion.cpp - Scripts for shells, and the manual ----------------===//
#include "tools/scanc/OptionTable.h"

#include <fmt/format.h>

namespace scanc::cli {
namespace {

/// `text` between single quotes, for bash, zsh and fish alike.
std::string inQuotes(const std::string &text) {
  std::string result = "'";
  for (char c : text)
    result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return result + "'";
}

/// The loop that follows the words of a command line (`words` gives those before the cursor) down the
/// table, and the begin of a `case` of the place that it reaches.
std::string walkDown(const std::vector<CommandEntry> &table, const std::string &words) {
  std::string loop = "  for word in " + words + "; do\n    case \"$place $word\" in\n";
  for (const CommandEntry &entry : table)
    if (!entry.path.empty())
      loop += fmt::format("      \" {}\") place=\" {}\" ;;\n", entry.path, entry.path);
  return loop + "    esac\n  done\n  case \"$place\" in\n";
}

std::string pattern(const CommandEntry &entry) {
  return entry.path.empty() ? "\"\"" : "\" " + entry.path + "\"";
}

/// What may stand at a place: commands, and options with their values.
std::vector<std::pair<std::string, std::string>> wordsOf(const CommandEntry &entry) {
  std::vector<std::pair<std::string, std::string>> words = entry.commands;
  for (const OptionEntry &option : entry.options)
    for (const std::string &name : option.names) {
      if (option.values.empty())
        words.emplace_back(name, option.description);
      for (const std::string &value : option.values)
        words.emplace_back(name + "=" + value, option.description);
    }
  return words;
}

} // namespace

std::string bashCompletion(const std::vector<CommandEntry> &table) {
  std::string script = "# bash completion of scanc: source it, or put it into bash-completion/completions\n"
                       "_scanc() {\n"
                       "  local place=\"\" word words=\"\" files=\"\" current=\"${COMP_WORDS[COMP_CWORD]}\"\n"
                       "  local before=\"${COMP_LINE:0:COMP_POINT}\"\n"
                       "  before=\"${before##* }\" # with the \"=\" at which bash breaks words\n" +
                       walkDown(table, "\"${COMP_WORDS[@]:1:COMP_CWORD-1}\"");
  for (const CommandEntry &entry : table) {
    std::string words;
    for (const auto &[word, description] : wordsOf(entry))
      words += (words.empty() ? "" : " ") + word;
    script += fmt::format("    {}) words={}{} ;;\n", pattern(entry), inQuotes(words),
                          entry.takesFile ? " files=yes" : "");
  }
  return script + "  esac\n"
                  "  COMPREPLY=($(compgen -W \"$words\" -- \"$before\"))\n"
                  "  if [[ \"$before\" == *=* ]]; then\n"
                  "    COMPREPLY=(\"${COMPREPLY[@]#*=}\")\n"
                  "  elif [[ -n \"$files\" && \"$current\" != -* ]]; then\n"
                  "    COMPREPLY+=($(compgen -f -- \"$current\"))\n"
                  "  fi\n"
                  "}\n"
                  "complete -o filenames -F _scanc scanc\n";
}

std::string zshCompletion(const std::vector<CommandEntry> &table) {
  std::string script = "#compdef scanc\n"
                       "_scanc() {\n"
                       "  local place=\"\" word files=\"\"\n"
                       "  local -a found\n" +
                       walkDown(table, "\"${(@)words[2,CURRENT-1]}\"");
  for (const CommandEntry &entry : table) {
    script += fmt::format("    {}){} found=(\n", pattern(entry), entry.takesFile ? " files=yes" : "");
    for (const auto &[word, description] : wordsOf(entry)) {
      std::string escaped; // a colon begins the description
      for (char c : word)
        escaped += c == ':' ? std::string("\\:") : std::string(1, c);
      script += "      " + inQuotes(escaped + ":" + description) + "\n";
    }
    script += "    ) ;;\n";
  }
  return script + "  esac\n"
                  "  _describe scanc found\n"
                  "  [[ -n \"$files\" ]] && _files\n"
                  "}\n"
                  "_scanc \"$@\"\n";
}

std::string fishCompletion(const std::vector<CommandEntry> &table) {
  std::string script = "# fish completion of scanc: put it into fish/vendor_completions.d\n";
  for (const CommandEntry &entry : table) {
    // A place is reached by its words, and left by any command below it.
    std::string below;
    for (const auto &[name, description] : entry.commands)
      below += " " + name;
    std::string condition;
    for (std::size_t begin = 0; begin < entry.path.size();) {
      std::size_t end = std::min(entry.path.find(' ', begin), entry.path.size());
      condition += fmt::format("{}__fish_seen_subcommand_from {}", condition.empty() ? "" : "; and ",
                               entry.path.substr(begin, end - begin));
      begin = end + 1;
    }
    if (!below.empty())
      condition += fmt::format("{}not __fish_seen_subcommand_from{}", condition.empty() ? "" : "; and ",
                               below);
    std::string start = "complete -c scanc -n " + inQuotes(condition);
    for (const auto &[name, description] : entry.commands)
      script += fmt::format("{} -a {} -d {}\n", start, name, inQuotes(description));
    for (const OptionEntry &option : entry.options) {
      script += start;
      for (const std::string &name : option.names)
        script += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
      if (!option.value.empty())
        script += " -r";
      if (!option.values.empty())
        script += " -f -a " + inQuotes(fmt::format("{}", fmt::join(option.values, " ")));
      script += " -d " + inQuotes(option.description) + "\n";
    }
  }
  return script;
}

std::string manualPage(const std::vector<CommandEntry> &table, const std::string &footer) {
  auto plain = [](const std::string &text) { // for troff
    std::string result;
    for (char c : text)
      result += c == '-' ? std::string("\\-") : c == '\\' ? std::string("\\e") : std::string(1, c);
    return result.starts_with(".") || result.starts_with("'") ? "\\&" + result : result;
  };
  std::string page = ".TH SCANC 1\n.SH NAME\nscanc \\- compiles scan recurrences to fused kernels\n"
                     ".SH SYNOPSIS\n.B scanc\n[\\fICOMMAND\\fR] [\\fIOPTIONS\\fR] [\\fIFILE\\fR]\n"
                     ".SH DESCRIPTION\n" +
                     plain(table.front().description) + "\n.SH COMMANDS\n";
  for (const CommandEntry &entry : table) {
    if (!entry.path.empty())
      page += ".SS scanc " + plain(entry.path) + "\n" + plain(entry.description) + "\n";
    for (const OptionEntry &option : entry.options)
      page += fmt::format(".TP\n\\fB{}\\fR{}\n{}\n",
                          plain(fmt::format("{}", fmt::join(option.names, ", "))),
                          option.value.empty() ? "" : " \\fI" + plain(option.value) + "\\fR",
                          plain(option.description.empty() ? "see above" : option.description));
  }
  page += ".SH NOTES\n.nf\n";
  std::size_t begin = 0;
  while (begin < footer.size()) {
    std::size_t end = std::min(footer.find('\n', begin), footer.size());
    page += plain(footer.substr(begin, end - begin)) + "\n";
    begin = end + 1;
  }
  return page + ".fi\n";
}

} // namespace scanc::cli
