// SPDX-License-Identifier: Apache-2.0
// What a program defines: its classes, interfaces, enums, named tuples and functions by qualified
// name. Files are parsed and definitions looked into when first asked for, so order and cycles
// between files do not matter.
#pragma once

#include "Types.h"

#include "tsc/Archive/ArchiveModel.h"
#include "tsc/Python/Ast.h"

#include "llvm/ADT/MapVector.h"

#include <map>
#include <memory>

namespace tsc::importer {

/// One parsed file, and how its places are told to the user.
struct Source {
  std::string path;      ///< "__torch__/a/b.py" in an archive; the file's path for ordinary source
  std::string qualifier; ///< what its definitions' names start with: "__torch__.a.b"
  std::unique_ptr<python::Module> tree;
  const archive::ArchiveModel *model = nullptr; ///< null for ordinary source

  /// Where the user wrote what stands at a range: the original Python if the archive knows it, else
  /// the file itself.
  SourceLocation location(python::Range range) const;
  /// The same for IR.
  mlir::Location irLocation(mlir::MLIRContext *context, python::Range range,
                            llvm::StringRef name = "") const;
};

struct Parameter {
  std::string name;
  mlir::Type type;
  mlir::Attribute defaultValue; ///< or null
  bool keywordOnly = false;
};
struct Signature {
  std::vector<Parameter> parameters; ///< of methods: self first
  mlir::Type result;                 ///< null: to be inferred from the body (ordinary source only)
};

struct Function {
  std::string name; ///< qualified: "__torch__.M.forward"
  const Source *source = nullptr;
  const python::FunctionDef *def = nullptr;
  mlir::Type selfType; ///< of methods, else null
  std::string kind;    ///< "", "hook", "pre_hook"
  std::optional<Signature> signature;
  bool signatureFailed = false;
  bool requested = false; ///< queued for emission
  bool emitted = false;
};

struct ClassAttribute {
  std::string name;
  mlir::Type type;
  std::string kind;         ///< "", "parameter", "buffer"
  mlir::Attribute constant; ///< of a class constant
};

enum class DefinitionKind : uint8_t { Class, Interface, Enum, NamedTuple, Function };

struct Definition {
  DefinitionKind kind = DefinitionKind::Class;
  std::string name; ///< qualified
  const Source *source = nullptr;
  const python::ClassDef *classDef = nullptr;
  mlir::Type type; ///< of all but functions
  bool isModule = false;
  bool isOpaque =
      false; ///< a class of the runtime's (torch.classes): neither attributes nor methods are known

  // Filled by Definitions::load.
  enum { NotLoaded, Loading, Loaded, Failed } state = NotLoaded;
  std::vector<ClassAttribute> attributes;
  llvm::StringMap<unsigned> attributeIndex;
  llvm::MapVector<llvm::StringRef, std::unique_ptr<Function>> methods; ///< keys are the tree's
  mlir::Type enumValueType;
  std::vector<std::pair<std::string, mlir::Attribute>> enumMembers;

  std::unique_ptr<Function> function;

  const ClassAttribute *findAttribute(llvm::StringRef name) const;
  Function *findMethod(llvm::StringRef name) const;
};

class Definitions : public TypeHierarchy {
public:
  Definitions(mlir::MLIRContext *context, DiagnosticEngine &engine)
      : types(context), engine(engine) {}

  /// Definitions of an archive are looked for in its code files.
  void setArchive(const archive::ArchiveModel &model) { this->model = &model; }
  /// Adds a file of ordinary source, whose definitions are all known from then on.
  const Source *addSource(std::unique_ptr<Source> source);

  /// A definition by qualified name; null (without a report) when there is none.
  Definition *find(llvm::StringRef name);
  /// Makes a class's attributes and methods known. Reports and returns false when it cannot.
  bool load(Definition &definition);
  /// The definition behind a class, interface, enum or named tuple type, loaded; null if there is
  /// none.
  Definition *ofType(mlir::Type type);
  /// A function's parameters and result type, parsed when first asked for; null after a report.
  const Signature *signatureOf(Function &function);
  /// The type that an annotation means; null after a report.
  mlir::Type parseType(const python::Expr &expr, const Source &source);
  /// The type of a text such as "Dict[str, int]"; null after a report at `location`.
  mlir::Type parseTypeText(llvm::StringRef text, const SourceLocation &location);
  /// The value of a literal of a type (a default, a class constant); null after a report.
  mlir::Attribute parseConstant(const python::Expr &expr, mlir::Type type, const Source &source);

  /// Reports a type that is too deep or too large to handle.
  bool checkSize(mlir::Type type, const Source &source, python::Range range);

  bool implements(mlir::Type type, ts::InterfaceType interface) override;

  const Types types;
  DiagnosticEngine &engine;
  /// The archive's constant table: values and types.
  std::vector<std::pair<mlir::Attribute, mlir::Type>> constants;
  /// The entry that `CONSTANTS.name` means, or null.
  const std::pair<mlir::Attribute, mlir::Type> *findConstant(llvm::StringRef name) const;
  /// All definitions found so far, in the order they were first asked for.
  std::vector<Definition *> order;

private:
  const Source *loadFile(llvm::StringRef qualifier);
  void addDefinitions(const Source &source);
  Definition *addClass(const Source &source, const python::ClassDef &def);
  Definition *addOpaque(llvm::StringRef name);
  bool loadClass(Definition &definition);
  /// Loads the classes that a class's attributes hold; a class that holds itself is an error.
  bool loadHeld(Definition &definition);
  bool loadClassStatement(Definition &definition, const python::Stmt &stmt);
  bool loadEnum(Definition &definition);
  bool addNamedTupleType(Definition &definition);
  mlir::Type parseNamedType(llvm::StringRef name, const python::Expr &expr, const Source &source);
  mlir::Type makeGenericType(const python::Subscript &expr, const Source &source);
  mlir::Type parseGenericType(const python::Subscript &expr, const Source &source);
  mlir::Attribute unknownConstant(const python::Expr &expr, const Source &source);

  static constexpr unsigned kMaxHeldDepth = 500;
  TypeSizes sizes;
  unsigned loading = 0; ///< classes being loaded, one inside another
  const archive::ArchiveModel *model = nullptr;
  std::vector<std::unique_ptr<Source>> sources;
  std::map<std::string, const Source *, std::less<>> files; ///< by qualifier; null: there is none
  std::map<std::string, std::unique_ptr<Definition>, std::less<>> definitions;
};

/// "__torch__.a.B" of such a chain of attributes; "" for any other expression.
std::string qualifiedName(const python::Expr &expr);

} // namespace tsc::importer
