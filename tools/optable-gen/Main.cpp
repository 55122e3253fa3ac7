// SPDX-License-Identifier: Apache-2.0
// optable-gen SCHEMAS RECORDS.json OUT.inc: joins the schemas of all operators with what
// TsOperators*.td records say of some of them, and writes one aggregate per operator, in the order
// of SCHEMAS, for lib/Ts/Operators.cpp:
//   {"aten::add.Tensor(...) -> Tensor", "lowering", effects},
// RECORDS.json is what `llvm-tblgen --dump-json` prints. A record that names no operator, or a
// lowering given twice, is an error.
#include <nlohmann/json.hpp>

#include <cstdio>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace {

/// The bits are those of OperatorEffects in tsc/Ts/Operators.h.
enum : unsigned { kSideEffects = 1, kNondeterministic = 2 };

struct Row {
  std::string schema;
  std::string lowering;
  unsigned effects = 0;
};

struct Table {
  std::vector<Row> rows;
  std::map<std::string, size_t> byFullName;
  std::map<std::string, std::vector<size_t>> byBaseName;
};

} // namespace

static int fail(const std::string &message) {
  std::fprintf(stderr, "optable-gen: error: %s\n", message.c_str());
  return 1;
}

static bool readFile(const char *path, std::string &text) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  content << file.rdbuf();
  text = content.str();
  return static_cast<bool>(file);
}

static bool endsWith(const std::string &text, const std::string &end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

static bool readSchemas(const std::string &text, Table &table, std::string &error) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.empty())
      continue;
    std::string fullName = line.substr(0, line.find('('));
    size_t index = table.rows.size();
    if (!table.byFullName.emplace(fullName, index).second) {
      error = "operator '" + fullName + "' has two schemas";
      return false;
    }
    table.byBaseName[fullName.substr(0, fullName.find('.'))].push_back(index);
    Row row{line, "", 0};
    // Nothing returned and nothing written: it is called for what it does elsewhere.
    if (endsWith(line, "-> ()") && line.find("!)") == std::string::npos)
      row.effects |= kSideEffects;
    table.rows.push_back(std::move(row));
  }
  return true;
}

/// The rows that a record's name stands for.
static std::vector<size_t> findRows(const Table &table, const std::string &name) {
  if (endsWith(name, ".*")) {
    auto found = table.byBaseName.find(name.substr(0, name.size() - 2));
    return found == table.byBaseName.end() ? std::vector<size_t>() : found->second;
  }
  auto found = table.byFullName.find(name);
  return found == table.byFullName.end() ? std::vector<size_t>()
                                         : std::vector<size_t>{found->second};
}

static bool addRecord(Table &table, const nlohmann::json &record, std::string &error) {
  std::string name = record.value("name", "");
  std::vector<size_t> found = findRows(table, name);
  if (found.empty()) {
    error = "record '" + name + "' names no operator of the schemas";
    return false;
  }
  std::string lowering = record.value("lowering", "");
  for (size_t index : found) {
    Row &row = table.rows[index];
    row.effects |= (record.value("sideEffects", 0) ? kSideEffects : 0u) |
                   (record.value("nondeterministic", 0) ? kNondeterministic : 0u);
    if (!lowering.empty() && !row.lowering.empty()) {
      error = "record '" + name + "' gives a lowering that another record gives too";
      return false;
    }
    row.lowering += lowering;
  }
  return true;
}

static std::string quoted(const std::string &text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\')
      out += '\\';
    out += c;
  }
  return out + '"';
}

int main(int argc, char **argv) {
  if (argc != 4)
    return fail("usage: optable-gen SCHEMAS RECORDS.json OUT.inc");
  std::string schemas, records, error;
  if (!readFile(argv[1], schemas) || !readFile(argv[2], records))
    return fail("cannot read the inputs");
  Table table;
  if (!readSchemas(schemas, table, error))
    return fail(error);
  nlohmann::json json = nlohmann::json::parse(records, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || !json.contains("!instanceof"))
    return fail("the records are not what llvm-tblgen --dump-json prints");
  for (const nlohmann::json &name : json["!instanceof"]["Ts_Operator"])
    if (!addRecord(table, json[name.get<std::string>()], error))
      return fail(error);
  std::ofstream out(argv[3], std::ios::binary);
  for (const Row &row : table.rows)
    out << '{' << quoted(row.schema) << ", " << quoted(row.lowering) << ", " << row.effects
        << "},\n";
  out.close();
  return out ? 0 : fail("cannot write the output");
}
