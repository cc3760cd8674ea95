# The Debian package's static archives of MLIR name libLLVM.so as what they link to. For a binary that
# travels, that name is replaced by the archives of LLVM that MLIR itself needs.
set(scanc_llvm_base
  LLVMCore LLVMSupport LLVMTargetParser LLVMBinaryFormat LLVMBitReader LLVMBitWriter LLVMIRReader
  LLVMAsmParser LLVMAnalysis LLVMTransformUtils LLVMRemarks LLVMFrontendOpenMP)
foreach(target IN LISTS MLIR_EXPORTED_TARGETS)
  if(TARGET ${target})
    get_target_property(type ${target} TYPE)
    get_target_property(links ${target} INTERFACE_LINK_LIBRARIES)
    if(type STREQUAL "STATIC_LIBRARY" AND links)
      if("LLVM" IN_LIST links OR "MLIR" IN_LIST links)
        list(REMOVE_ITEM links LLVM MLIR)
        set_property(TARGET ${target} PROPERTY INTERFACE_LINK_LIBRARIES ${links} ${scanc_llvm_base})
      endif()
    endif()
  endif()
endforeach()
set_property(TARGET MLIRExecutionEngine PROPERTY INTERFACE_LINK_LIBRARIES
  MLIRExecutionEngineUtils MLIRBuiltinToLLVMIRTranslation MLIRLLVMToLLVMIRTranslation
  MLIRTargetLLVMIRExport LLVMOrcJIT LLVMJITLink LLVMPerfJITEvents LLVMX86CodeGen LLVMX86AsmParser
  LLVMX86Desc LLVMX86Info LLVMPasses LLVMExecutionEngine LLVMMCJIT LLVMRuntimeDyld LLVMTarget
  LLVMOrcDebugging LLVMOrcTargetProcess ${scanc_llvm_base})
set_property(TARGET MLIRExecutionEngineUtils PROPERTY INTERFACE_LINK_LIBRARIES
  LLVMPasses LLVMTarget ${scanc_llvm_base})

# So do the shared zlib and zstd that LLVMSupport names; z3 is linked only where a symbol of it is used.
find_library(SCANC_ZLIB_ARCHIVE libz.a REQUIRED)
find_library(SCANC_ZSTD_ARCHIVE libzstd.a REQUIRED)
get_target_property(links LLVMSupport INTERFACE_LINK_LIBRARIES)
list(TRANSFORM links REPLACE "^ZLIB::ZLIB$" "${SCANC_ZLIB_ARCHIVE}")
list(TRANSFORM links REPLACE "^zstd::libzstd_shared$" "${SCANC_ZSTD_ARCHIVE}")
set_property(TARGET LLVMSupport PROPERTY INTERFACE_LINK_LIBRARIES ${links})

set(SCANC_STATIC_MLIR_LIBRARIES
  MLIRIR MLIRParser MLIRPass MLIRTransforms MLIRTransformUtils MLIRSupport MLIRFuncDialect
  MLIRArithDialect MLIRComplexDialect MLIRMathDialect MLIRMathTransforms MLIRSCFDialect
  MLIRVectorDialect MLIRControlFlowDialect MLIRLLVMDialect MLIRArithToLLVM
  MLIRControlFlowToLLVM MLIRFuncToLLVM MLIRMathToLLVM MLIRMathToLibm MLIRReconcileUnrealizedCasts
  MLIRSCFToControlFlow MLIRVectorToLLVM MLIRVectorToLLVMPass MLIRExecutionEngine)
