//===- Stages.h - What a text is, and what may be asked of it ---*- C++ -*-===//
#ifndef SCANC_TOOLS_SCANC_STAGES_H
#define SCANC_TOOLS_SCANC_STAGES_H

#include "tools/scanc/Flags.h"

namespace scanc::cli {

/// Fails with SC8010 where `flags` read the text as something that it is not, or choose what a
/// stage has decided. A run takes the sizes of its tensors from --shape all the same.
Result<void> checkStage(const CompileFlags &flags, std::string_view text, bool isRun);

/// The error of a text that --from gave: what NVRTC says of it is the user's, SC8015, and no fault
/// of scanc. Other errors stay as they are.
Error blameEdit(Error error, const CompileFlags &flags);

} // namespace scanc::cli

#endif // SCANC_TOOLS_SCANC_STAGES_H
